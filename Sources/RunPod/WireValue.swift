import CastCore
import Foundation

/// An object of somebody else's JSON, read leniently: what is absent or of another type is nil.
struct WireObject: Sendable {
    let fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields }

    init?(_ value: JSONValue?) {
        guard case .object(let fields) = value else { return nil }
        self.fields = fields
    }

    /// The object that a body holds; nil for a page, for nothing, and for what nests too deep to be decoded.
    init?(_ body: Data) {
        guard JSONDepth.firstBeyondLimit(in: body) == nil else { return nil }
        self.init(try? JSONDecoder().decode(JSONValue.self, from: body))
    }

    func string(_ name: String) -> String? {
        switch self.fields[name] {
        case .string(let text): text
        case .int(let number): String(number)
        case .bool, .double, .array, .object, .null, nil: nil
        }
    }

    /// Text that is not empty.
    func name(_ name: String) -> String? { self.string(name).flatMap { $0.isEmpty ? nil : $0 } }

    func bool(_ name: String) -> Bool? {
        if case .bool(let flag) = self.fields[name] { flag } else { nil }
    }

    func number(_ name: String) -> Double? {
        switch self.fields[name] {
        case .int(let number): Double(number)
        case .double(let number): number
        case .string(let text): Double(text)
        case .bool, .array, .object, .null, nil: nil
        }
    }

    func money(_ name: String) -> Money? { self.number(name).flatMap(Money.init(dollars:)) }

    func object(_ name: String) -> WireObject? { WireObject(self.fields[name]) }

    func array(_ name: String) -> [JSONValue]? {
        if case .array(let values) = self.fields[name] { values } else { nil }
    }

    func date(_ name: String) -> Date? { self.string(name).flatMap(WireDate.read) }
}

/// Times as RunPod writes them: RFC 3339, and the older `2026-08-20 06:16:19.436 +0000 UTC`.
enum WireDate {
    static func read(_ text: String) -> Date? {
        guard text.utf8.count <= 64 else { return nil }
        var text = text
        if text.hasSuffix(" +0000 UTC") {
            text = text.dropLast(10).replacingOccurrences(of: " ", with: "T") + "Z"
        }
        // Nanoseconds are more digits than the formatter takes.
        if let point = text.firstIndex(of: "."), let end = text[point...].firstIndex(where: { "Z+-".contains($0) }) {
            let digits = text[text.index(after: point)..<end].prefix(3)
            text = text[..<point] + "." + digits.padding(toLength: 3, withPad: "0", startingAt: 0) + text[end...]
        }
        return (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }

    static func write(_ date: Date) -> String { date.formatted(.iso8601) }
}
