import CastCore
import Foundation
import Synchronization
import Testing

@testable import Tailscale

struct TailscaleClientTests {
    static let instance = InstanceID.draw(notIn: []) { 0xa3f2 }
    static let left = TailnetDevice(
        hostname: "runpod-afterburner-a3f2", address: "100.64.0.9", since: TailscaleStandIn.now)

    private static func failure(_ body: () async throws(TailnetFailure) -> Void) async -> TailnetFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a key is good for one device, for an hour, and its device vanishes`() async throws {
        try await TailscaleStandIn.run { standIn in
            try await standIn.with { tailnet in
                let key = try await tailnet.mintKey(Self.instance)
                #expect(key.text == "tskey-auth-1")
                let again = try await tailnet.mintKey(Self.instance)
                #expect(again.text == "tskey-auth-2")
            }
            let create: JSONValue = .object([
                "reusable": .bool(false), "ephemeral": .bool(true), "preauthorized": .bool(true),
                "tags": .array([.string("tag:runpod")]),
            ])
            #expect(
                standIn.record.change { $0.keys.first }
                    == .object([
                        "capabilities": .object(["devices": .object(["create": create])]),
                        "expirySeconds": .int(3600), "description": .string("cast2md pod a3f2"),
                    ]))
            // One token serves until shortly before its end.
            #expect(standIn.record.change { $0.tokens } == 1)
        }
    }

    @Test func `a token is renewed before it ends, and when it is revoked`() async throws {
        try await TailscaleStandIn.run { standIn in
            let ahead = Mutex(0.0)
            try await standIn.with(now: { TailscaleStandIn.now + ahead.withLock { $0 } }) { tailnet in
                _ = try await tailnet.mintKey(Self.instance)
                ahead.withLock { $0 = 3400 }
                _ = try await tailnet.mintKey(Self.instance)
                #expect(standIn.record.change { $0.tokens } == 2)
                standIn.record.change { $0.validTokens = [] }
                _ = try await tailnet.mintKey(Self.instance)
                #expect(standIn.record.change { $0.tokens } == 3)
            }
        }
    }

    @Test func `what cannot be cured by trying again says so, without the secret`() async throws {
        try await TailscaleStandIn.run { standIn in
            try await standIn.with(secret: "tskey-client-wrong") { tailnet in
                let failure = await Self.failure { () async throws(TailnetFailure) in
                    _ = try await tailnet.mintKey(Self.instance)
                }
                #expect(failure?.isLasting == true && failure?.status == 401)
                // The stand-in repeats what it was sent.
                #expect(failure?.description.contains("wrong") == false)
                #expect(failure?.description.contains("[secret]") == true)
            }
            try await standIn.with(tags: "tag:other") { tailnet in
                let failure = await Self.failure { () async throws(TailnetFailure) in
                    _ = try await tailnet.mintKey(Self.instance)
                }
                #expect(failure?.isLasting == true)
                #expect(
                    failure?.description
                        == "requested tags [tag:other] are invalid or not permitted (status 400)")
            }
            try await standIn.with { tailnet in
                for status in [500, 429] {
                    standIn.record.change { $0.faults = [status] }
                    let failure = await Self.failure { () async throws(TailnetFailure) in
                        _ = try await tailnet.mintKey(Self.instance)
                    }
                    #expect(failure?.isLasting == false && failure?.status == status)
                }
            }
        }
    }

    @Test func `the devices of a pod are removed, and nobody else's`() async throws {
        try await TailscaleStandIn.run { standIn in
            typealias Device = TailscaleStandIn.Device
            standIn.record.change {
                $0.devices = [
                    Device(id: "own", hostname: "runpod-afterburner-a3f2", addresses: ["100.64.0.9", "fd7a::9"]),
                    // Another server's pod of the same name.
                    Device(id: "namesake", hostname: "runpod-afterburner-a3f2", addresses: ["100.64.0.8"]),
                    // What a pod might claim to be.
                    Device(id: "server", hostname: "server", addresses: ["100.64.0.9"], tags: ["tag:server"]),
                    Device(id: "untagged", hostname: "runpod-afterburner-a3f2", addresses: ["100.64.0.9"], tags: []),
                    Device(id: "other", hostname: "runpod-afterburner-a3f3", addresses: ["100.64.0.7"]),
                ]
            }
            try await standIn.with { tailnet in
                try await tailnet.removeDevices(Self.left)
                #expect(standIn.record.change { $0.devices.map(\.id) } == ["namesake", "server", "untagged", "other"])
                // Gone is gone.
                try await tailnet.removeDevices(Self.left)
            }
        }
    }

    @Test func `without an address the name and the time have to fit`() async throws {
        try await TailscaleStandIn.run { standIn in
            typealias Device = TailscaleStandIn.Device
            standIn.record.change {
                $0.devices = [
                    Device(id: "old", hostname: "runpod-afterburner-a3f2", created: "2027-01-15T07:00:00Z"),
                    Device(id: "new", hostname: "runpod-afterburner-a3f2", created: "2027-01-15T08:05:00.123Z"),
                    Device(id: "odd", hostname: "runpod-afterburner-a3f2", created: ""),
                ]
            }
            try await standIn.with { tailnet in
                try await tailnet.removeDevices(
                    TailnetDevice(hostname: "runpod-afterburner-a3f2", since: TailscaleStandIn.now))
                #expect(standIn.record.change { $0.devices.map(\.id) } == ["old", "odd"])
            }
        }
    }

    @Test func `a device that logs out in between is no failure`() async throws {
        try await TailscaleStandIn.run { standIn in
            standIn.record.change {
                $0.devices = [.init(id: "own", hostname: "runpod-afterburner-a3f2", addresses: ["100.64.0.9"])]
                // The list shows it; the look-up of the removal does not find it any more.
                $0.vanishing = ["own"]
            }
            try await standIn.with { tailnet in try await tailnet.removeDevices(Self.left) }
            #expect(standIn.record.change { $0.requests.last } == "DELETE /api/v2/device/own")
        }
    }

    @Test func `both credentials or none`() throws {
        #expect(try TailscaleSettings(environment: [:]) == nil ? true : false)
        #expect(throws: CastError.self) { try TailscaleSettings(environment: ["TAILSCALE_CLIENT_ID": "k"]) }
        #expect(throws: CastError.self) { try TailscaleSettings(environment: ["TAILSCALE_CLIENT_SECRET": "s"]) }
        let both = ["TAILSCALE_CLIENT_ID": "k", "TAILSCALE_CLIENT_SECRET": "s"]
        let settings = try #require(try TailscaleSettings(environment: both))
        #expect(settings.tags == ["tag:runpod"] && settings.base.absoluteString == "https://api.tailscale.com")
        #expect("\(settings)".contains("[client]") && !"\(settings)".contains("secret"))
        for wrong in ["runpod", "tag:", "tag:a b", ","] {
            #expect(throws: CastError.self) {
                try TailscaleSettings(environment: both.merging(["TAILSCALE_TAGS": wrong]) { $1 })
            }
        }
        #expect(throws: CastError.self) {
            try TailscaleSettings(environment: both.merging(["TAILSCALE_API_BASE_URL": "ftp://x"]) { $1 })
        }
    }
}
