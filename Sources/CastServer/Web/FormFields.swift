import Foundation
import Hummingbird
import NIOCore

/// What a page's form sent, in its address or its body: `application/x-www-form-urlencoded`.
///
/// Of a field that came twice the first one counts. Text that is no such form has no fields, which is no error here.
struct FormFields: Sendable, Equatable {
    private let values: [String: String]

    init(_ text: String) {
        let pairs = text.split(separator: "&").prefix(Self.mostFields).compactMap { pair -> (String, String)? in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (Self.decoded(parts[0]), Self.decoded(parts[1])) : nil
        }
        self.values = Dictionary(pairs) { first, _ in first }
    }

    /// More than any form of ours has.
    private static let mostFields = 200

    subscript(name: String) -> String? { self.values[name] }

    /// A number in a field; nil for anything else.
    func number(_ name: String) -> Int64? { self.values[name].flatMap { Int64($0) } }

    /// The page of a list, from 1.
    var page: Int { Int(max(1, min(self.number("page") ?? 1, 1_000_000))) }

    private static func decoded(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }
}

extension Request {
    /// The address' own fields, as a form with the method GET writes them.
    ///
    /// Unlike `queryString`, it takes a plus sign for a space, and leaves it to the page what a senseless value means:
    /// a person who changed an address by hand gets a page all the same.
    var fields: FormFields { FormFields(self.uri.query ?? "") }

    /// The fields of a form that was posted.
    func postedFields() async throws -> FormFields {
        let buffer = try await self.body.collect(upTo: 64 * 1024)
        return FormFields(String(decoding: buffer.readableBytesView, as: UTF8.self))
    }
}
