package import CastCore

extension JSONValue {
    /// Enough of a value to recognise it by: texts of 200 characters, lists and objects of ten, four levels.
    package var shortened: JSONValue { self.shortened(levels: 4) }

    private func shortened(levels: Int) -> JSONValue {
        switch self {
        case .null, .bool, .int, .double:
            return self
        case .string(let text):
            return .string(Self.shortened(text))
        case .array(let values):
            guard levels > 0 else { return .string("[…]") }
            return .array(values.prefix(10).map { $0.shortened(levels: levels - 1) })
        case .object(let fields):
            guard levels > 0 else { return .string("{…}") }
            let kept = fields.keys.sorted().prefix(10).map { name in
                (Self.shortened(name), fields[name, default: .null].shortened(levels: levels - 1))
            }
            return .object(Dictionary(kept) { first, _ in first })
        }
    }

    private static func shortened(_ text: String) -> String {
        guard text.unicodeScalars.count > 200 else { return text }
        return String(text.unicodeScalars.prefix(199)) + "…"
    }
}
