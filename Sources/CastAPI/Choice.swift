import CastCore

/// A value that a person names out of a closed list.
package enum Choice {
    /// - Parameter what: What the list holds, with its article, for example “a format”.
    /// - Throws: `.invalid` with all valid names.
    package static func read<Value: RawRepresentable & CaseIterable>(
        _ name: String, as what: String, of type: Value.Type = Value.self
    ) throws -> Value where Value.RawValue == String {
        if let value = Value(rawValue: name) { return value }
        let valid = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw CastError(.invalid, "“\(name.prefix(100))” is not \(what). Valid: \(valid).")
    }
}
