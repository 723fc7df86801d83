import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Podcasts
import Testing

@Suite(.timeLimit(.minutes(1))) struct WebClientTests {
    @Test func `a status is told without following redirects`() async throws {
        try await TestServer.run { _, _ in
            .redirect("http://169.254.169.254/latest", .found)
        } body: { server in
            try await Scratch.run {
                $0.addresses = .notLinkLocal
                $0.redirects = 0
            } body: { scratch in
                let url = try server.url("status")
                let status = try await scratch.client.status(of: url, within: .seconds(5))
                #expect(status == 302)
                #expect(server.log.all.count == 1)
            }
        }
    }

    @Test func `a status that does not come is not waited for without end`() async throws {
        let (never, hold) = AsyncStream.makeStream(of: Void.self)
        try await TestServer.run { _, _ in
            for await _ in never {}
            return .text("late")
        } body: { server in
            try await Scratch.run { scratch in
                let error = await #expect(throws: CastError.self) {
                    try await scratch.client.status(of: try server.url("status"), within: .milliseconds(200))
                }
                #expect(error?.code == .timedOut)
                hold.finish()
            }
        }
    }

    @Test(
        arguments: [
            ("169.254.169.254", true), ("fe80::1%eth0", true), ("::ffff:169.254.1.1", true), ("10.0.0.1", false),
            ("127.0.0.1", false), ("fd00::1", false), ("8.8.8.8", false),
        ]) func `nodes may be on private networks, but not on link-local addresses`(address: String, isRefused: Bool)
    {
        #expect((AddressPolicy.notLinkLocal.refusal(of: address) != nil) == isRefused)
    }

    @Test func `a permanent redirect keeps the credentials for its own host only`() async throws {
        try await TestServer.run { request, _ in
            switch request.uri.path {
            case "/here": .redirect("/there", .movedPermanently)
            case "/away":
                .redirect("http://localhost:\(request.uri.queryParameters["port"] ?? "")/there", .movedPermanently)
            default: .text("here")
            }
        } body: { server in
            try await Scratch.run { scratch in
                let base = "http://me:secret@127.0.0.1:\(server.port)"
                let here = try await scratch.client.get(try #require(URL(string: base + "/here")))
                #expect(here.permanentURL.absoluteString == base + "/there")
                let away = try await scratch.client.get(
                    try #require(URL(string: base + "/away?port=\(server.port)")))
                #expect(away.permanentURL.absoluteString == "http://localhost:\(server.port)/there")
            }
        }
    }
}
