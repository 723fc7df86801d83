import CastAPI
import CastCore
import Foundation
import HTTPTypes
import Hummingbird

/// The server's own program, for nodes that fetch it: `/api/nodes/worker/linux-x86_64`.
struct WorkerProgramRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let worker = router.group("/api/nodes/worker")
        worker.get(":platform", use: self.get)
        worker.head(":platform", use: self.head)
    }

    /// The program, whole or in part; with `.json` behind the platform what there is to know about it.
    @Sendable func get(request: Request, context: AppContext) async throws -> Response {
        let name = context.parameters.get("platform") ?? ""
        guard name.hasSuffix(".json") else { return try await self.program(name, request, context) }
        let platform = try Self.platform(String(name.dropLast(".json".count)))
        let facts = try await self.parts.program.facts()
        return try WorkerProgramResponse(
            platform: platform, version: castVersion, size: facts.size, sha256: facts.sha256,
            path: "/api/nodes/worker/\(platform)", needsSwiftRuntime: WorkerProgram.needsSwiftRuntime
        ).response(from: request, context: context)
    }

    @Sendable func head(request: Request, context: AppContext) async throws -> Response {
        _ = try Self.platform(context.parameters.get("platform") ?? "")
        let facts = try await self.parts.program.facts()
        var headers = Self.headers(facts)
        headers[.contentLength] = String(facts.size)
        return Response(status: .ok, headers: headers)
    }

    private func program(_ name: String, _ request: Request, _ context: AppContext) async throws -> Response {
        _ = try Self.platform(name)
        let facts = try await self.parts.program.facts()
        var headers = Self.headers(facts)
        let tag = headers[.eTag]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        var range = request.headers[.range]
        if let condition = request.headers[.ifRange], condition != tag { range = nil }
        let path = self.parts.program.path
        switch ByteRange(header: range, size: facts.size) {
        case .whole:
            let body = try await FileIO().loadFile(path: path, context: context)
            return Response(status: .ok, headers: headers, body: body)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(facts.size)"
            let body = try await FileIO().loadFile(path: path, range: range, context: context)
            return Response(status: .partialContent, headers: headers, body: body)
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(facts.size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    private static func headers(_ facts: WorkerProgram.Facts) -> HTTPFields {
        [
            .contentType: "application/octet-stream", .acceptRanges: "bytes", .eTag: "\"\(facts.sha256)\"",
            .contentSHA256: facts.sha256, .castVersion: castVersion,
            .contentDisposition: "attachment; filename=\"cast2md\"",
        ]
    }

    private static func platform(_ name: String) throws -> String {
        guard let platform = WorkerProgram.platform else {
            throw CastError(.notFound, "This server's system has no worker to hand out.")
        }
        guard name == platform else {
            throw CastError(.notFound, "There is no worker for “\(name.prefix(40))” here. There is: \(platform).")
        }
        return platform
    }
}

extension WorkerProgramResponse: ResponseEncodable {}
