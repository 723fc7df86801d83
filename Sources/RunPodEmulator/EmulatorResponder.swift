import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

struct EmulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }
}

/// Answers every request: who asks, how often, whether a fault spoils it, and then the route.
struct EmulatorResponder: HTTPResponder {
    typealias Context = EmulatorContext
    let world: PodWorld

    /// A request with what the routes need of it.
    struct Call {
        var request: Request
        var body: Data
        var caller: PodWorld.Caller
        var query: [String: String]
    }

    func respond(to request: Request, context: EmulatorContext) async throws -> Response {
        var headers: [(String, String)] = [("x-request-id", UUID().uuidString.lowercased())]
        do {
            var response = try await self.answer(request, &headers)
            self.add(headers, to: &response)
            return response
        } catch let problem as Problem {
            var response = Self.json(problem.json, status: problem.status, type: "application/problem+json")
            self.add(headers + problem.headers, to: &response)
            return response
        } catch Spoilt.page {
            let page = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
            return Response(
                status: .badGateway, headers: [.contentType: "text/html"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: page)))
        } catch Spoilt.dropped {
            try await context.channel.close()
            throw CancellationError()
        }
    }

    private func answer(_ request: Request, _ headers: inout [(String, String)]) async throws -> Response {
        let components = URLComponents(string: request.head.path ?? "/") ?? URLComponents()
        let path = components.percentEncodedPath.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        let endpoint = Endpoint(path: path)
        guard endpoint != .retired else {
            throw Problem(status: 410, detail: "REST API v1 has been retired. Use https://api.runpod.io/v2.")
        }
        guard endpoint != .unknown else { throw Problem.notFound }
        guard endpoint.methods.contains(request.method) else {
            throw Problem(
                status: 405, detail: "method not allowed",
                headers: [("Allow", endpoint.methods.map(\.rawValue).joined(separator: ", "))])
        }
        // A body that has been read cannot tell any more when the other side goes: a log's stream needs that.
        let body = request.method == .post ? try await self.body(request) : Data()
        var query: [String: String] = [:]
        for item in components.queryItems ?? [] { query[item.name] = item.value ?? "" }
        if endpoint.isAdmin { return try await self.administer(endpoint, request.method, body) }
        let caller = try await self.caller(request, query)
        let (limits, wait) = await self.world.countRequest(caller.account)
        headers += limits
        if let wait { throw Problem.rateLimited(wait) }
        await self.world.settle(caller.account)
        let operation = endpoint.operation(request.method)
        await self.world.hold(.holdRequest, operation)
        // A create's faults depend on what is asked for.
        if operation != .create { try await self.world.spoil(operation) }
        let call = Call(request: request, body: body, caller: caller, query: query)
        let answer = try await self.route(endpoint, call)
        await self.world.hold(.holdAnswer, operation)
        return answer
    }

    private func route(_ endpoint: Endpoint, _ call: Call) async throws -> Response {
        if case .pod = call.caller {
            switch endpoint {
            case .pod, .podAction, .podLogs, .graphQL: break
            default: throw Problem.forbidden
            }
        }
        switch endpoint {
        case .pods: return call.request.method == .post ? try await self.create(call) : try await self.list(call)
        case .pod(let id): return try await self.pod(id, call)
        case .podAction(let id): return try await self.act(id, call)
        case .podLogs(let id): return try await self.logs(id, call)
        case .gpus: return try self.gpus(call)
        case .gpu(let id): return try self.gpu(id, call)
        case .dataCentres: return self.dataCentres()
        case .billing: return try await self.billing(call)
        case .secrets: return try await self.secrets(call)
        case .secret(let id): return try await self.removeSecret(id, call)
        case .graphQL: return try await self.graphQL(call)
        case .retired, .ledger, .faults, .unknown: throw Problem.notFound
        }
    }

    private func caller(_ request: Request, _ query: [String: String]) async throws -> PodWorld.Caller {
        var key = query["api_key"]
        if let header = request.headers[.authorization], header.hasPrefix("Bearer ") {
            key = String(header.dropFirst("Bearer ".count))
        }
        guard let key, let caller = await self.world.caller(key: key) else { throw Problem.unauthorized }
        return caller
    }

    private static let largestBody = 102_400

    private func body(_ request: Request) async throws -> Data {
        var body = Data()
        for try await chunk in request.body {
            body.append(contentsOf: chunk.readableBytesView)
            guard body.count <= Self.largestBody else {
                throw Problem(status: 413, detail: "the request is larger than \(Self.largestBody) bytes")
            }
        }
        return body
    }

    private func add(_ headers: [(String, String)], to response: inout Response) {
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
    }

    static func json(_ value: JSONValue, status: Int = 200, type: String = "application/json") -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(value)) ?? Data()
        return Response(
            status: .init(code: status), headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}
