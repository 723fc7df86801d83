import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Turns whatever a route throws into an answer; the one place where an error becomes a status.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = AppContext

    let pages: any ErrorPage

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as ValidationFailure {
            return try Self.answer(.unprocessableContent, ErrorResponse(error.faults))
        } catch let error as StatusOverride {
            return try self.answer(request, error.status, error.error.message, error.error.code)
        } catch let error as CastError {
            return try self.answer(request, error, context)
        } catch let error as HTTPError {
            let message = error.body ?? (error.status == .notFound ? "Not Found" : error.status.reasonPhrase)
            return try self.answer(request, error.status, message, CastError.Code(error.status))
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as any HTTPResponseError {
            return try self.answer(request, error.status, error.status.reasonPhrase, CastError.Code(error.status))
        } catch {
            if let known = CastError(databaseError: error) ?? CastError(fullDisk: error) {
                return try self.answer(request, known, context)
            }
            context.logger.error(
                "request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return try self.answer(request, .internalServerError, "Internal Server Error", .internalFault)
        }
    }

    private func answer(_ request: Request, _ error: CastError, _ context: Context) throws -> Response {
        let status = HTTPResponse.Status(error.code)
        if status.code >= 500 {
            context.logger.error(
                "request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
        }
        return try self.answer(request, status, error.message, error.code)
    }

    /// A person in a browser gets a page, everything else JSON.
    private func answer(
        _ request: Request, _ status: HTTPResponse.Status, _ message: String, _ code: CastError.Code
    ) throws -> Response {
        let path = request.uri.path
        if !path.hasPrefix("/api/"), request.headers[.accept]?.contains("text/html") == true {
            return HTML(self.pages.error(status: status.code, sentence: message)).response(status: status)
        }
        return try Self.answer(status, ErrorResponse(message, code: code))
    }

    private static func answer(_ status: HTTPResponse.Status, _ body: ErrorResponse) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let data = try encoder.encode(body)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}

/// An error that is answered with another status than its code's, because the existing server does so.
struct StatusOverride: Error {
    let status: HTTPResponse.Status
    let error: CastError
}

/// Renders the page that a person sees instead of an error in JSON.
protocol ErrorPage: Sendable {
    func error(status: Int, sentence: String) -> String
}

extension HTTPResponse.Status {
    init(_ code: CastError.Code) {
        switch code {
        case .invalid: self = .badRequest
        case .unauthorized: self = .unauthorized
        case .forbidden: self = .forbidden
        case .notFound: self = .notFound
        case .conflict: self = .conflict
        case .gone: self = .gone
        case .tooLarge: self = .contentTooLarge
        case .limitReached: self = .tooManyRequests
        case .unavailable: self = .serviceUnavailable
        case .timedOut: self = .gatewayTimeout
        case .unreadableMedia: self = .unprocessableContent
        case .storageFull: self = .insufficientStorage
        case .engineFailed, .internalFault: self = .internalServerError
        }
    }
}

extension HTTPResponse.Status {
    /// 507; not in the library's list.
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}

extension CastError.Code {
    /// The code that goes with a status which the framework chose.
    init(_ status: HTTPResponse.Status) {
        switch status.code {
        case 401: self = .unauthorized
        case 403: self = .forbidden
        case 404, 405: self = .notFound
        case 409: self = .conflict
        case 413: self = .tooLarge
        case 500...: self = .internalFault
        default: self = .invalid
        }
    }
}
