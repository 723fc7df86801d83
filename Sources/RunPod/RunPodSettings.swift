package import CastCore
package import Foundation

/// Where RunPod's API is, and with which key.
package struct RunPodSettings: Sendable {
    package var base: URL
    package var key: RunPodKey

    package static let standardBase = "https://api.runpod.io"

    /// - Throws: `.invalid` for a key or an address that cannot be used.
    package init(key: String, base: String = Self.standardBase) throws(CastError) {
        self.key = try RunPodKey(key)
        var text = base.trimmingCharacters(in: .whitespaces)
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased() ?? ""),
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil,
            let url = parts.url
        else {
            throw CastError(
                .invalid, "RUNPOD_API_BASE_URL is not a web address. It looks like \(Self.standardBase).")
        }
        self.base = url
    }

    /// Reads `RUNPOD_API_KEY` and `RUNPOD_API_BASE_URL`.
    ///
    /// - Returns: Nil without a key.
    package init?(environment: [String: String]) throws(CastError) {
        guard let key = environment["RUNPOD_API_KEY"], !key.isEmpty else { return nil }
        let base = environment["RUNPOD_API_BASE_URL"] ?? ""
        try self.init(key: key, base: base.isEmpty ? Self.standardBase : base)
    }
}

/// An account's key: it goes into one header, and is never printed.
package struct RunPodKey: Sendable, Equatable {
    private let text: String

    /// - Throws: `.invalid` for what cannot stand in a header; the sentence does not show it.
    package init(_ text: String) throws(CastError) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CastError(.invalid, "RUNPOD_API_KEY is empty or holds blanks or other signs that no key has.")
        }
        self.text = text
    }

    var authorization: String { "Bearer \(self.text)" }

    /// Text of others that may repeat what we sent, without the key.
    func removed(from other: String) -> String { other.replacingOccurrences(of: self.text, with: "[key]") }
}

extension RunPodKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[key]" }
    package var debugDescription: String { "[key]" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
