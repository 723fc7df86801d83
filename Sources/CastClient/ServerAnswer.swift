import CastAPI
package import CastCore
package import Foundation

/// A refusal that the server itself spoke; the cause of a `CastError`.
///
/// What a proxy or a captive portal answers is none: that is the same as no answer.
package struct ServerAnswer: Error, Sendable, Equatable {
    package var status: Int

    package init(status: Int) { self.status = status }
}

extension CastError {
    /// The status with which the server refused; nil when no answer of the server's is behind this error.
    package var answeredStatus: Int? { (self.cause as? ServerAnswer)?.status }

    /// The error for a refusal.
    ///
    /// - Parameter body: What came with it. Without the project's error form it is not the server who speaks.
    package init(status: Int, body: Data, server: String) {
        guard let response = try? JSONDecoder().decode(ErrorResponse.self, from: body) else {
            self.init(
                .unavailable,
                "\(server) answered with status \(status), and not as a cast2md server does. "
                    + "Check the address, and what stands between here and there.")
            return
        }
        let code = response.code.flatMap(CastError.Code.init(rawValue:)) ?? CastError.Code(answered: status)
        self.init(code, response.detail.sentence, cause: ServerAnswer(status: status))
    }
}

extension CastError.Code {
    /// The code that goes with a status, for servers that send none.
    init(answered status: Int) {
        switch status {
        case 401: self = .unauthorized
        case 403: self = .forbidden
        case 404, 405: self = .notFound
        case 409: self = .conflict
        case 410: self = .gone
        case 413: self = .tooLarge
        case 429: self = .limitReached
        case 504: self = .timedOut
        case 507: self = .storageFull
        case 500: self = .internalFault
        case 501...: self = .unavailable
        default: self = .invalid
        }
    }
}
