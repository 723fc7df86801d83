import CastAPI
import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The API's description, in the form that tools read (https://spec.openapis.org/oas/v3.1.0).
enum OpenAPIDocument {
    /// - Throws: When a wire type cannot be described; a test would have shown it.
    static func make() throws -> Data {
        var paths: [String: [String: JSONValue]] = [:]
        for call in APICatalog.calls {
            paths[call.path, default: [:]][call.method.lowercased()] = try Self.operation(call)
        }
        let document: JSONValue = .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("cast2md"), "version": .string(castVersion),
                "description": .string(
                    "Turns podcasts into Markdown transcripts. There is no log-in; nodes send X-Transcriber-Key."),
            ]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(["Error": try SchemaProbe.schema(of: ErrorResponse.self)])
            ]),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(document)
    }

    private static func operation(_ call: APICall) throws -> JSONValue {
        var operation: [String: JSONValue] = [
            "summary": .string(call.summary),
            "responses": .object([
                "\(call.status)": .object([
                    "description": .string("Done."), "content": try Self.content(call.answer),
                ]),
                "default": .object([
                    "description": .string("Refused or failed; `detail` says why and what to do."),
                    "content": Self.json(.object(["$ref": .string("#/components/schemas/Error")])),
                ]),
            ]),
        ]
        let parameters = Self.pathParameters(call.path) + call.query.map(\.description)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = call.body {
            operation["requestBody"] = .object(["content": Self.json(try SchemaProbe.schema(of: body))])
        }
        return .object(operation)
    }

    private static func content(_ answer: APICall.Answer) throws -> JSONValue {
        switch answer {
        case .json(let type): Self.json(try SchemaProbe.schema(of: type))
        case .other(let type): .object([type: .object([:])])
        }
    }

    private static func json(_ schema: JSONValue) -> JSONValue {
        .object(["application/json": .object(["schema": schema])])
    }

    private static func pathParameters(_ path: String) -> [JSONValue] {
        path.matches(of: /\{([a-z_]+)\}/).map { match in
            let name = String(match.1)
            let isText = ["name", "status", "node_id", "pod_id", "instance_id", "model_id"].contains(name)
            return .object([
                "name": .string(name), "in": .string("path"), "required": .bool(true),
                "schema": .object(["type": .string(isText ? "string" : "integer")]),
            ])
        }
    }
}

/// `GET /openapi.json`.
struct OpenAPIRoutes: Sendable {
    func add(to router: Router<AppContext>) {
        // Made when somebody asks, which is seldom; a start does not wait for it.
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: try OpenAPIDocument.make())))
        }
    }
}
