import AsyncHTTPClient
package import CastCore
package import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// The part of Tailscale's API that a fleet needs: keys for its pods, and the removal of their devices.
///
/// The OAuth client needs the scopes `auth_keys` and `devices:core`
/// (https://tailscale.com/docs/features/oauth-clients). The latter is not bound to the client's tags
/// (tailscale/tailscale#10702): whose device is removed is checked here.
package final class TailscaleClient: Sendable {
    private struct Token {
        var text: String
        var until: Date
    }

    private let settings: TailscaleSettings
    private let http: HTTPClient
    private let now: @Sendable () -> Date
    private let token = Mutex<Token?>(nil)

    package init(_ settings: TailscaleSettings, now: @escaping @Sendable () -> Date = { Date() }) {
        self.settings = settings
        self.now = now
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(20))
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(3)
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lets go of all connections; nothing can be asked afterwards.
    package func close() async { try? await self.http.shutdown() }

    /// This client as the fleet knows it.
    package var tailnet: Tailnet {
        Tailnet(
            mintKey: { instance async throws(TailnetFailure) in try await self.mintKey(for: instance) },
            removeDevices: { device async throws(TailnetFailure) in try await self.removeDevices(of: device) })
    }

    // MARK: Keys

    /// Makes a key with which one device can join once, within the hour, and vanishes when it is off.
    private func mintKey(for instance: InstanceID) async throws(TailnetFailure) -> TailnetKey {
        let body = KeyRequest(
            tags: self.settings.tags, expirySeconds: self.settings.keyLife, description: "cast2md pod \(instance)")
        let answer: KeyAnswer = try await self.call(.POST, "/api/v2/tailnet/-/keys", body)
        guard !answer.key.isEmpty else { throw TailnetFailure("Tailscale answered without a key", isLasting: false) }
        return TailnetKey(answer.key, tags: self.settings.tags)
    }

    private struct KeyRequest: Encodable {
        struct Create: Encodable {
            var reusable = false
            var ephemeral = true
            var preauthorized = true
            var tags: [String]
        }

        var capabilities: [String: [String: Create]]
        var expirySeconds: Int
        var description: String

        init(tags: [String], expirySeconds: Int, description: String) {
            self.capabilities = ["devices": ["create": Create(tags: tags)]]
            self.expirySeconds = expirySeconds
            self.description = description
        }
    }

    private struct KeyAnswer: Decodable { var key: String }

    // MARK: Devices

    private func removeDevices(of device: TailnetDevice) async throws(TailnetFailure) {
        let answer: DevicesAnswer = try await self.call(.GET, "/api/v2/tailnet/-/devices", Nothing?.none)
        for found in answer.devices where found.isLeft(by: device, tags: self.settings.tags) {
            let allowed = CharacterSet.alphanumerics
            guard let id = found.id.addingPercentEncoding(withAllowedCharacters: allowed), !id.isEmpty else { continue }
            do throws(TailnetFailure) {
                let _: Nothing = try await self.call(.DELETE, "/api/v2/device/\(id)", Nothing?.none)
            } catch {
                // It logged out by itself in the meantime.
                if error.status != 404 { throw error }
            }
        }
    }

    private struct DevicesAnswer: Decodable { var devices: [Device] }

    struct Device: Decodable {
        var id: String
        var hostname: String?
        var addresses: [String]?
        var tags: [String]?
        var created: String?

        /// Whether this is the device of a pod that is gone.
        ///
        /// All of it has to fit: a pod can name any address as its own, and another server's pod may have its hostname.
        func isLeft(by device: TailnetDevice, tags: [String]) -> Bool {
            guard self.hostname == device.hostname, Set(tags).isSubset(of: self.tags ?? []) else { return false }
            if let address = device.address { return self.addresses?.contains(address) ?? false }
            // Its clock is not ours.
            guard let created = self.created.flatMap(Self.date) else { return false }
            return created >= device.since - 60
        }

        private static func date(_ text: String) -> Date? {
            let plain = Date.ISO8601FormatStyle()
            return (try? Date(text, strategy: plain))
                ?? (try? Date(text, strategy: plain.year().month().day().time(includingFractionalSeconds: true)))
        }
    }

    private struct Nothing: Codable {}

    // MARK: Asking

    private func call<Body: Encodable, Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, _ body: Body?
    ) async throws(TailnetFailure) -> Answer {
        let isKnown = self.token.withLock { $0 != nil }
        let data: Data
        do throws(TailnetFailure) {
            data = try await self.sendOnce(method, path, body)
        } catch {
            // A token may have been revoked before its time; one that was just made is as good as there are.
            guard error.status == 401, isKnown else { throw error }
            data = try await self.sendOnce(method, path, body)
        }
        if let nothing = Nothing() as? Answer { return nothing }
        return try Self.read(data)
    }

    private func sendOnce(
        _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?
    ) async throws(TailnetFailure) -> Data {
        let token = try await self.accessToken()
        return try await self.send(method, path, authorization: "Bearer \(token)") { request in
            guard let body else { return }
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: (try? JSONEncoder().encode(body)) ?? Data()))
        }
    }

    private static func read<Answer: Decodable>(_ data: Data) throws(TailnetFailure) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw TailnetFailure("Tailscale's answer is not the JSON that was expected", isLasting: false)
        }
    }

    private struct TokenAnswer: Decodable {
        var accessToken: String
        var expiresIn: Double?

        enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case expiresIn = "expires_in"
        }
    }

    /// A token that lasts for some minutes yet.
    private func accessToken() async throws(TailnetFailure) -> String {
        let now = self.now()
        if let token = self.token.withLock({ $0 }), token.until > now { return token.text }
        let data = try await self.send(.POST, "/api/v2/oauth/token", authorization: nil) { request in
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: self.settings.client.form))
        }
        let answer: TokenAnswer = try Self.read(data)
        let token = Token(text: answer.accessToken, until: now + (answer.expiresIn ?? 3600) - 300)
        self.token.withLock { $0 = token }
        return token.text
    }

    private func send(
        _ method: HTTPMethod, _ path: String, authorization: String?, _ fill: (inout HTTPClientRequest) -> Void
    ) async throws(TailnetFailure) -> Data {
        var request = HTTPClientRequest(url: self.settings.base.absoluteString + path)
        request.method = method
        request.headers.add(name: "User-Agent", value: "cast2md/\(castVersion)")
        request.headers.add(name: "Accept", value: "application/json")
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        fill(&request)
        let status: Int
        let body: Data
        do {
            let response = try await self.http.execute(request, timeout: .seconds(30))
            status = Int(response.status.code)
            body = Data((try await response.body.collect(upTo: 16 << 20)).readableBytesView)
        } catch {
            throw TailnetFailure("Tailscale cannot be reached", isLasting: false)
        }
        if (200...299).contains(status) { return body }
        if status == 401 { self.token.withLock { $0 = nil } }
        throw self.failure(status, body)
    }

    /// Tailscale's own sentence, as far as it has one and holds nothing that we sent.
    private func failure(_ status: Int, _ body: Data) -> TailnetFailure {
        struct Problem: Decodable { var message: String }
        let message = (try? JSONDecoder().decode(Problem.self, from: body))?.message ?? "Tailscale said no"
        let words = message.prefix(300).replacingOccurrences(of: self.settings.client.secret, with: "[secret]")
        return TailnetFailure(
            "\(words) (status \(status))", isLasting: [400, 401, 403].contains(status), status: status)
    }
}
