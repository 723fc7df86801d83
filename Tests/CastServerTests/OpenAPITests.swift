import CastAPI
import CastCore
import CastServer
import CastTestSupport
import Foundation
import HTTPTypes
import Hummingbird
import Testing

@Suite struct OpenAPITests {
    private struct Document: Decodable {
        var openapi: String
        var paths: [String: [String: JSONValue]]
    }

    private func document(_ server: ServerFixture) async throws -> Document {
        try await server.send(.get, "/openapi.json").decode(Document.self)
    }

    /// Every route that is no page and no asset, as `GET /api/feeds/{feed_id}`.
    private func routes(_ server: ServerFixture) throws -> Set<String> {
        let pages = ["/", "/feeds", "/episodes", "/assets", "/search", "/settings", "/queue"]
        return Set(
            try buildRouter(server.parts).routes.compactMap { route in
                let path = "\(route.path)".replacing(/:([a-z_]+)/) { "{\($0.1)}" }
                let whole = path.hasPrefix("/") ? path : "/" + path
                let isPage = pages.contains { whole == $0 || whole.hasPrefix($0 + "/") }
                return isPage && !whole.hasSuffix(".xml") ? nil : "\(route.method.rawValue) \(whole)"
            })
    }

    @Test func `the description has the routes that there are, and no others`() async throws {
        try await ServerFixture.run { server in
            let document = try await self.document(server)
            let described = Set(
                document.paths.flatMap { path, calls in calls.keys.map { "\($0.uppercased()) \(path)" } })
            let real = try self.routes(server)
            #expect(described.subtracting(real).sorted() == [])
            #expect(real.subtracting(described).sorted() == [])
        }
    }

    @Test func `answers have the fields that the description requires`() async throws {
        try await ServerFixture.run { server in
            _ = try await server.makeQueuedEpisode()
            let node = try await server.register()
            _ = try await server.claim(node)
            let document = try await self.document(server)
            var checked = 0
            for (path, calls) in document.paths {
                guard case .object(let call)? = calls["get"], !path.contains("{name}"), path != "/api/events",
                    let required = Self.required(call)
                else { continue }
                let real = path.replacing("{feed_id}", with: "1").replacing("{episode_id}", with: "1")
                    .replacing("{job_id}", with: "1").replacing("{status}", with: "new")
                let answer = try await server.send(.get, path.hasPrefix("/api/search") ? real + "?q=x" : real)
                guard answer.status == 200 else { continue }
                guard case .object(let fields) = try answer.decode(JSONValue.self) else { continue }
                #expect(Set(required).subtracting(fields.keys).sorted() == [], "\(path)")
                checked += 1
            }
            #expect(checked > 20)
        }
    }

    private static func required(_ call: [String: JSONValue]) -> [String]? {
        var value: JSONValue? = .object(call)
        for key in ["responses", "200", "content", "application/json", "schema", "required"] {
            guard case .object(let fields)? = value else { return nil }
            value = fields[key]
        }
        guard case .array(let names)? = value else { return nil }
        return names.compactMap { if case .string(let name) = $0 { name } else { nil } }
    }
}
