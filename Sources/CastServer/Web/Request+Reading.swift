import CastAPI
import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// Reads a JSON body; every fault of its form is named in one answer.
    func read<Body: ReadableBody>(
        _ type: Body.Type, context: AppContext, limit: Int = Body.maximumBytes
    ) async throws -> Body {
        try FieldReader.decode(type, from: try await self.readJSON(context: context, limit: limit))
    }

    /// Reads a JSON body that may be left out; `null` is none, too.
    func readIfAny<Body: ReadableBody>(
        _ type: Body.Type, context: AppContext, limit: Int = Body.maximumBytes
    ) async throws -> Body? {
        let data = try await self.readJSON(context: context, limit: limit)
        let isNull = data.count < 100 && String(decoding: data, as: UTF8.self).trimmed == "null"
        return data.isEmpty || isNull ? nil : try FieldReader.decode(type, from: data)
    }

    /// The bytes of a body that claims to be JSON, or claims nothing.
    ///
    /// - Parameter limit: Bytes; `ReadableBody.maximumBytes` of what is to be read.
    /// - Throws: `.tooLarge` above the limit.
    func readJSON(context: AppContext, limit: Int = 1024 * 1024) async throws -> Data {
        let buffer: ByteBuffer
        do {
            buffer = try await self.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw CastError(.tooLarge, "The body is larger than \(limit) bytes, which is the most for this request.")
        }
        let type = self.headers[.contentType]?.lowercased() ?? "application/json"
        if buffer.readableBytes > 0, !type.hasPrefix("application/json"), !type.contains("+json") {
            throw ValidationFailure([
                ValidationFault(
                    type: "model_attributes_type", loc: [.string("body")],
                    msg: "Input should be a valid dictionary or object to extract fields from",
                    input: .string(String(decoding: buffer.readableBytesView.prefix(1000), as: UTF8.self)))
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

    /// One value of a closed list in the query; nil when it is left out.
    ///
    /// - Parameter what: What the list holds, with its article, for example “a format”.
    /// - Throws: `.invalid` with all valid names.
    func queryEnum<Value: RawRepresentable & CaseIterable>(
        _ name: String, as what: String, of type: Value.Type = Value.self
    ) throws -> Value? where Value.RawValue == String {
        try self.queryString(name).map { try Choice.read($0, as: what) }
    }
}

/// The values of several readings of one request; the faults of all are named in one answer.
///
/// - Parameter readings: In the order of the answer: path, query, body.
/// - Throws: `ValidationFailure`; a body that is no JSON comes alone. Other errors go before the request's form.
func together<each Value>(_ readings: repeat Result<each Value, any Error>) throws -> (repeat each Value) {
    var faults: [ValidationFault] = []
    for reading in repeat each readings {
        guard case .failure(let error) = reading else { continue }
        guard let failure = error as? ValidationFailure else { throw error }
        faults += failure.faults
    }
    if let broken = faults.first(where: \.isBrokenJSON) { throw ValidationFailure([broken]) }
    guard faults.isEmpty else { throw ValidationFailure(faults) }
    return (repeat try (each readings).get())
}

extension Result where Failure == any Error {
    /// What a call that waits came to.
    static func of(_ body: () async throws -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

extension String {
    fileprivate var trimmed: String { self.trimmingCharacters(in: .whitespacesAndNewlines) }
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
