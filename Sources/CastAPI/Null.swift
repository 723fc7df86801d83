/// A field that is written as `null` when it has no value, instead of being left out.
///
/// Nodes and scripts that exist today index answers by field name, so the field must be there. When reading, a missing
/// field is the same as `null`.
@propertyWrapper
package struct Null<Value: Codable & Sendable>: Codable, Sendable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value = self.wrappedValue {
            try container.encode(value)
        } else {
            try container.encodeNil()
        }
    }
}

extension Null: Equatable where Value: Equatable {}

extension KeyedDecodingContainer {
    /// What the synthesised `init(from:)` calls for a `@Null` property.
    package func decode<Value>(_ type: Null<Value>.Type, forKey key: Key) throws -> Null<Value> {
        try self.decodeIfPresent(type, forKey: key) ?? Null(wrappedValue: nil)
    }
}
