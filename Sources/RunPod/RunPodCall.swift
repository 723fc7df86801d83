import CastCore
import Foundation
import NIOHTTP1

/// One request of ours.
struct RunPodCall: Sendable {
    /// What it is for; decides what may be repeated, and what a lost answer means.
    enum Purpose: Sendable, Equatable {
        case read
        case delete
        case createPod
        case post

        var isRepeatable: Bool {
            switch self {
            case .read, .delete: true
            case .createPod, .post: false
            }
        }

        /// What it means that no answer of RunPod's came.
        var unclear: ProviderFailure.Kind {
            switch self {
            case .read, .delete: .unavailable
            case .createPod, .post: .unknownOutcome
            }
        }
    }

    var purpose: Purpose
    var method: HTTPMethod
    /// Percent-encoded, with the query.
    var path: String
    var body: Data?
    var timeout: Duration = .seconds(30)

    static func read(_ path: String, _ query: [(String, String)] = []) -> RunPodCall {
        RunPodCall(purpose: .read, method: .GET, path: path + Self.encode(query))
    }

    static func delete(_ path: String) -> RunPodCall {
        RunPodCall(purpose: .delete, method: .DELETE, path: path)
    }

    /// - Throws: `.invalidRequest` for a body that RunPod would refuse as too large.
    static func post(
        _ purpose: Purpose, _ path: String, _ body: some Encodable, timeout: Duration = .seconds(60)
    ) throws(ProviderFailure) -> RunPodCall {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do {
            data = try encoder.encode(body)
        } catch {
            throw ProviderFailure(.invalidRequest, "The request cannot be written as JSON.")
        }
        guard data.count <= Self.largestBody else {
            throw ProviderFailure(
                .invalidRequest, "The request has \(data.count) bytes; RunPod takes \(Self.largestBody).")
        }
        return RunPodCall(purpose: purpose, method: .POST, path: path, body: data, timeout: timeout)
    }

    /// RunPod answers 413 above it.
    static let largestBody = 102_400

    /// Text as one part of a path or of a query.
    static func segment(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: Self.plain) ?? ""
    }

    private static let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    private static func encode(_ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\($0)=\(Self.segment($1))" }.joined(separator: "&")
    }
}
