/// Reads variables strictly: a wrong value is an error, never the default in silence.
package struct Variables: Sendable {
    private let environment: [String: String]

    package init(_ environment: [String: String]) { self.environment = environment }

    /// Nil when the variable is not set, or empty.
    package func text(_ name: String) -> String? {
        guard let value = self.environment[name], !value.isEmpty else { return nil }
        return value
    }

    package func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self.text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw CastError(
                .invalid,
                "\(name) is “\(text)”; it must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    package func bool(_ name: String) throws -> Bool? {
        guard let text = self.text(name) else { return nil }
        switch text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw CastError(.invalid, "\(name) is “\(text)”; it must be true or false.")
        }
    }
}
