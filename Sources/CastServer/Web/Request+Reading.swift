import CastAPI
import CastCore
import Foundation
import HTTPTypes
import Hummingbird

extension Request {
    /// Reads a JSON body; every fault of its form is named in one answer.
    func read<Body: ReadableBody>(_ type: Body.Type, context: AppContext) async throws -> Body {
        try FieldReader.decode(type, from: try await self.readJSON(context: context))
    }

    /// Reads a JSON body that may be left out.
    func readIfAny<Body: ReadableBody>(_ type: Body.Type, context: AppContext) async throws -> Body? {
        let data = try await self.readJSON(context: context)
        return data.isEmpty ? nil : try FieldReader.decode(type, from: data)
    }

    /// The bytes of a body that claims to be JSON, or claims nothing.
    func readJSON(context: AppContext) async throws -> Data {
        let buffer = try await self.body.collect(upTo: context.maxUploadSize)
        let type = self.headers[.contentType]?.lowercased() ?? "application/json"
        if buffer.readableBytes > 0, !type.hasPrefix("application/json"), !type.contains("+json") {
            throw ValidationFailure([
                ValidationFault(
                    type: "model_attributes_type", loc: [.string("body")],
                    msg: "Input should be a valid dictionary or object to extract fields from",
                    input: .string(String(decoding: buffer.readableBytesView.prefix(200), as: UTF8.self)))
            ])
        }
        return Data(buffer.readableBytesView)
    }

    /// A whole number in the query.
    ///
    /// - Throws: `ValidationFailure` when it is none or outside the range.
    func queryInt(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = self.uri.queryParameters[Substring(name)] else { return standard }
        guard let number = Int(text) else {
            throw ValidationFailure([
                ValidationFault(
                    type: "int_parsing", loc: [.string("query"), .string(name)],
                    msg: "Input should be a valid integer, unable to parse string as an integer",
                    input: .string(String(text)))
            ])
        }
        guard range.contains(number) else {
            throw ValidationFailure([
                ValidationFault(
                    type: "range", loc: [.string("query"), .string(name)],
                    msg: "Input should be from \(range.lowerBound) to \(range.upperBound)", input: .int(Int64(number)))
            ])
        }
        return number
    }

    func queryString(_ name: String) -> String? {
        self.uri.queryParameters[Substring(name)].map(String.init)
    }
}

extension AppContext {
    /// The number in the path.
    ///
    /// - Throws: `ValidationFailure` when it is none.
    func id<Subject>(_ name: String, of type: Identifier<Subject>.Type = Identifier<Subject>.self) throws -> Identifier<
        Subject
    > {
        let text = self.parameters.get(name) ?? ""
        guard let number = Int64(text) else {
            throw ValidationFailure([
                ValidationFault(
                    type: "int_parsing", loc: [.string("path"), .string(name)],
                    msg: "Input should be a valid integer, unable to parse string as an integer", input: .string(text))
            ])
        }
        return Identifier(number)
    }
}

extension ErrorResponse: ResponseEncodable {}
extension HealthResponse: ResponseEncodable {}
extension StatusResponse: ResponseEncodable {}
extension RegisterNodeResponse: ResponseEncodable {}
extension HeartbeatResponse: ResponseEncodable {}
extension ClaimResponse: ResponseEncodable {}
extension TerminationResponse: ResponseEncodable {}
extension MessageResponse: ResponseEncodable {}
extension NodeListResponse: ResponseEncodable {}
extension StaleNodesResponse: ResponseEncodable {}
extension DeletedNodesResponse: ResponseEncodable {}
extension FeedMessage: ResponseEncodable {}
extension FeedListResponse: ResponseEncodable {}
extension RefreshResponse: ResponseEncodable {}
extension EpisodeMessage: ResponseEncodable {}
extension EpisodeListResponse: ResponseEncodable {}
extension AttemptListResponse: ResponseEncodable {}
extension JobMessage: ResponseEncodable {}
extension JobListResponse: ResponseEncodable {}
extension QueueStatusResponse: ResponseEncodable {}
extension QueuedResponse: ResponseEncodable {}
extension BatchResponse: ResponseEncodable {}
