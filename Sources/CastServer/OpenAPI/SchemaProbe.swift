import CastAPI
import CastCore
import Foundation

/// Finds out what a wire type looks like by decoding one from nothing: which fields it asks for, and of what type.
///
/// The description of the API is so made from the very types that are sent, and cannot say anything else than they do.
enum SchemaProbe {
    /// The type as a JSON schema (https://json-schema.org/draft/2020-12).
    static func schema(of type: any Decodable.Type) throws -> JSONValue {
        func opened<Value: Decodable>(_ type: Value.Type) throws -> JSONValue { try Self.probe(type).schema }
        return try opened(type)
    }

    fileprivate static func probe<Value: Decodable>(_ type: Value.Type) throws -> (value: Value?, schema: JSONValue) {
        if let known = Self.known(type) { return (known.value as? Value, known.schema) }
        if let container = type as? any Container.Type {
            return (container.nothing as? Value, try container.schema())
        }
        if let choice = Self.choice(type) { return choice }
        let recorder = Recorder()
        let value = try Value(from: ProbeDecoder(recorder: recorder))
        return (value, recorder.schema)
    }

    private static func known(_ type: any Decodable.Type) -> (value: Any, schema: JSONValue)? {
        switch type {
        case is String.Type: ("", .object(["type": .string("string")]))
        case is Bool.Type: (false, .object(["type": .string("boolean")]))
        case is Int.Type: (0, .object(["type": .string("integer")]))
        case is Int64.Type: (Int64(0), .object(["type": .string("integer")]))
        case is Double.Type: (0.0, .object(["type": .string("number")]))
        case is JSONValue.Type: (JSONValue.null, .object([:]))
        case is WireDate.Type:
            (
                WireDate(.init(timeIntervalSince1970: 0)),
                .object([
                    "type": .string("string"),
                    "description": .string("ISO 8601 in the server's local time, without a zone."),
                ])
            )
        default: nil
        }
    }

    /// A closed list of names.
    private static func choice<Value: Decodable>(_ type: Value.Type) -> (value: Value?, schema: JSONValue)? {
        guard let list = type as? any CaseIterable.Type else { return nil }
        func names<List: CaseIterable>(_ list: List.Type) -> (first: Any?, names: [String]) {
            let all = Array(list.allCases)
            return (all.first, all.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String })
        }
        let found = names(list)
        guard !found.names.isEmpty else { return nil }
        let schema: JSONValue = .object([
            "type": .string("string"), "enum": .array(found.names.map { .string($0) }),
        ])
        return (found.first as? Value, schema)
    }
}

/// A type that holds others, and can be made without any.
private protocol Container {
    static var nothing: Self { get }
    static func schema() throws -> JSONValue
}

extension Array: Container where Element: Decodable {
    fileprivate static var nothing: Self { [] }
    fileprivate static func schema() throws -> JSONValue {
        .object(["type": .string("array"), "items": try SchemaProbe.probe(Element.self).schema])
    }
}

extension Dictionary: Container where Key == String, Value: Decodable {
    fileprivate static var nothing: Self { [:] }
    fileprivate static func schema() throws -> JSONValue {
        .object(["type": .string("object"), "additionalProperties": try SchemaProbe.probe(Value.self).schema])
    }
}

extension Optional: Container where Wrapped: Decodable {
    fileprivate static var nothing: Self { nil }
    fileprivate static func schema() throws -> JSONValue { try SchemaProbe.probe(Wrapped.self).schema }
}

extension Null: Container {
    fileprivate static var nothing: Self { Null(wrappedValue: nil) }
    fileprivate static func schema() throws -> JSONValue {
        .object(["anyOf": .array([try SchemaProbe.probe(Value.self).schema, .object(["type": .string("null")])])])
    }
}

/// What a type asked for while it was decoded.
private final class Recorder {
    var fields: [(name: String, schema: JSONValue, isRequired: Bool)] = []
    var single: JSONValue?

    var schema: JSONValue {
        if let single = self.single, self.fields.isEmpty { return single }
        let properties = Dictionary(self.fields.map { ($0.name, $0.schema) }) { first, _ in first }
        return .object([
            "type": .string("object"), "properties": .object(properties),
            "required": .array(self.fields.filter(\.isRequired).map { .string($0.name) }),
        ])
    }
}

private struct ProbeDecoder: Decoder {
    let recorder: Recorder
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Fields<Key>(recorder: self.recorder))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaFault("A type asks for an array that is none of the library's.")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(recorder: self.recorder) }
}

private struct SchemaFault: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: Recorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (value, schema) = try SchemaProbe.probe(type)
        self.recorder.fields.append((key.stringValue, schema, true))
        guard let value else { throw SchemaFault("No value can be made for \(key.stringValue).") }
        return value
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        let (_, schema) = try SchemaProbe.probe(type)
        // A `Null` is always there, if only as null.
        self.recorder.fields.append((key.stringValue, schema, type is any AlwaysThere.Type))
        return nil
    }

    // The standard library has a method a type; all come down to the general one.
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try self.take(key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try self.take(key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try self.take(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try self.take(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try self.take(key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try self.note(key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try self.note(key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try self.note(key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try self.note(key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try self.note(key) }

    private func take<Value: Decodable>(_ key: Key) throws -> Value {
        let (value, schema) = try SchemaProbe.probe(Value.self)
        self.recorder.fields.append((key.stringValue, schema, true))
        guard let value else { throw SchemaFault("No value can be made for \(key.stringValue).") }
        return value
    }

    private func note<Value: Decodable>(_ key: Key) throws -> Value? {
        let (_, schema) = try SchemaProbe.probe(Value.self)
        self.recorder.fields.append((key.stringValue, schema, false))
        return nil
    }

    func nestedContainer<Other: CodingKey>(
        keyedBy type: Other.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Other> { throw SchemaFault("Nested containers are not used.") }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaFault("Nested containers are not used.")
    }

    func superDecoder() throws -> any Decoder { ProbeDecoder(recorder: self.recorder) }

    func superDecoder(forKey key: Key) throws -> any Decoder { ProbeDecoder(recorder: self.recorder) }
}

private protocol AlwaysThere {}
extension Null: AlwaysThere {}

private struct Single: SingleValueDecodingContainer {
    let recorder: Recorder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let (value, schema) = try SchemaProbe.probe(type)
        self.recorder.single = schema
        guard let value else { throw SchemaFault("No single value can be made.") }
        return value
    }
}
