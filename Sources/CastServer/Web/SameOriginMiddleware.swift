import CastCore
import HTTPTypes
import Hummingbird

/// Refuses what another site's page asks a person's browser to do here; `RequestOrigin` decides.
struct SameOriginMiddleware: RouterMiddleware {
    typealias Context = AppContext

    let rule: RequestOrigin

    init(_ configuration: ServerConfiguration) { self.rule = RequestOrigin(configuration) }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        if let refusal = self.rule.refusal(of: request.head) { throw refusal }
        return try await next(request, context)
    }
}
