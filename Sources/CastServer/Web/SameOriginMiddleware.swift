import CastCore
import Foundation
import HTTPTypes
import Hummingbird

/// Refuses changes that another site's page asks a person's browser to make.
///
/// The admin routes have no log-in, as with the existing server: whoever reaches the port may use them. A browser
/// reaches it on behalf of any page, and says so in these headers; programs send neither.
struct SameOriginMiddleware: RouterMiddleware {
    typealias Context = AppContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let isSafe = [.get, .head, .options].contains(request.method)
        guard isSafe || Self.isFromHere(request) else {
            throw CastError(.forbidden, "This request was made by a page of another site, and is refused.")
        }
        return try await next(request, context)
    }

    private static func isFromHere(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site == "same-origin" || site == "none" }
        guard let origin = request.headers[.origin] else { return true }
        guard let host = request.head.authority, let url = URL(string: origin), let name = url.host else {
            return false
        }
        return host == (url.port.map { "\(name):\($0)" } ?? name)
    }
}

extension HTTPField.Name {
    static let secFetchSite = Self(unchecked: "Sec-Fetch-Site")

    private init(unchecked name: StaticString) {
        guard let field = Self("\(name)") else { preconditionFailure("\(name) is not a header's name") }
        self = field
    }

    static let transcriberKey = Self(unchecked: "X-Transcriber-Key")
    static let jobAttempt = Self(unchecked: "X-Job-Attempt")
}
