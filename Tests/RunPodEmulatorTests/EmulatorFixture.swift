import AsyncHTTPClient
import CastCore
import CastTestSupport
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import RunPod
import RunPodEmulator
import Synchronization

/// An emulator on a free port, a client of it, and plain requests to it.
struct EmulatorFixture: Sendable {
    let server: EmulatorServer
    let base: URL
    let client: RunPodClient
    let http: HTTPClient
    let folder: URL

    var provider: GPUProvider { self.client.provider }

    static func run(
        time: EmulatorTime = EmulatorTime(), _ change: (inout EmulatorOptions) throws -> Void = { _ in },
        body: @escaping @Sendable (EmulatorFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            var options = EmulatorOptions(home: folder)
            try change(&options)
            var logger = Logger(label: "test.emulator")
            logger.logLevel = .critical
            let quiet = logger
            try await EmulatorServer.with(options, time: time, logger: quiet) { server, base in
                let clock = ImpatientClock()
                let client = RunPodClient(
                    try RunPodSettings(key: "emulator-key", base: base.absoluteString), clock: clock,
                    now: { clock.date }, logger: quiet)
                let http = HTTPClient(eventLoopGroupProvider: .singleton)
                let result: Result<Void, any Error>
                do {
                    try await body(
                        EmulatorFixture(server: server, base: base, client: client, http: http, folder: folder))
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await client.close()
                try await http.shutdown()
                try result.get()
            }
        }
    }

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var text: String
        var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(self.text.utf8))) ?? .null }
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, key: String? = "emulator-key"
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: self.base.absoluteString + path)
        request.method = method
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await self.http.execute(request, timeout: .seconds(30))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 22))
        return Answer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    /// Arms faults as somebody outside does.
    func arm(_ json: String) async throws {
        let answer = try await self.send(.POST, "/emulator/faults", json, key: nil)
        guard answer.status == 201 else { throw CastError(.invalid, answer.text) }
    }

    /// Buys a pod that runs a shell script.
    func buy(_ script: String = "sleep 1000", _ change: (inout PodRequest) -> Void = { _ in }) async throws
        -> ProviderPod
    {
        var request = Self.request(script)
        change(&request)
        return try await self.provider.create(request)
    }

    static func request(_ script: String = "sleep 1000") -> PodRequest {
        PodRequest(
            name: "cast2md-afterburner-a3f2", image: "ghcr.io/example/afterburner:1", gpu: "NVIDIA RTX A5000",
            cloud: .community, environment: ["INSTANCE_ID": "a3f2"], entrypoint: ["/bin/sh", "-c"], command: [script])
    }

    /// The pod's log once it holds a line that fits.
    func line(of pod: ProviderPod, _ fits: @escaping (String) -> Bool) async throws -> String? {
        try await eventually {
            try? FileManager.default.contentsOfDirectory(
                at: self.folder.appendingPathComponent("logs"), includingPropertiesForKeys: nil
            )
            .first { $0.lastPathComponent.hasPrefix(pod.id.rawValue) }
            .flatMap { try String(contentsOf: $0, encoding: .utf8) }?
            .split(separator: "\n").compactMap { $0.split(separator: " ", maxSplits: 2).last.map(String.init) }
            .first(where: fits)
        }
    }
}

/// A clock whose sleeps are over at once, and whose time is what was slept.
final class ImpatientClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let slept = Mutex(Duration.zero)

    var now: Instant { Instant(offset: self.slept.withLock { $0 }) }
    var minimumResolution: Duration { .zero }
    var date: Date { Date(timeIntervalSince1970: 1_800_000_000 + self.now.offset / .seconds(1)) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        self.slept.withLock { $0 = max($0, deadline.offset) }
    }
}

/// What a call fails with; nil when it succeeds.
func failure<Value>(_ body: () async throws(ProviderFailure) -> Value) async -> ProviderFailure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

/// Whether a process is alive; one that has ended and waits to be reaped is not.
func isAlive(_ pid: Int) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ")").last?.split(separator: " ").first != "Z"
}
