package import CastCore
package import Foundation

/// A request body that can be read field by field, so that an answer names every fault at once.
package protocol ReadableBody: Decodable, Sendable {
    init(from fields: inout FieldReader)

    /// Whether what was read keeps to limits that its form alone does not show; only `init(from:)` says which one not.
    var isWithinLimits: Bool { get }

    /// The largest body that is read.
    static var maximumBytes: Int { get }
}

extension ReadableBody {
    package var isWithinLimits: Bool { true }
    package static var maximumBytes: Int { 1024 * 1024 }
}

/// A request whose form is wrong; answered with 422 and the list.
package struct ValidationFailure: Error, Sendable {
    package var faults: [ValidationFault]

    package init(_ faults: [ValidationFault]) { self.faults = faults }
}

/// Reads the fields of a JSON object with the existing server's coercions, and notes what is wrong with each.
///
/// Integers accept `"17"`, `8.0` and `true`; booleans accept `"yes"` and `0`; strings accept strings only. Unknown
/// fields are ignored. After a fault the reader answers a stand-in value and goes on; `check()` then throws.
package struct FieldReader: Sendable {
    private let fields: [String: JSONValue]
    private let place: [JSONValue]
    package private(set) var faults: [ValidationFault] = []

    package init(_ fields: [String: JSONValue], at place: String = "body") {
        self.fields = fields
        self.place = [.string(place)]
    }

    /// Reads a whole body.
    ///
    /// - Throws: `ValidationFailure` with every fault.
    package static func decode<Body: ReadableBody>(_ type: Body.Type, from data: Data) throws -> Body {
        if let offset = JSONDepth.firstBeyondLimit(in: data) { throw Self.brokenJSON(at: offset) }
        // Nearly every request is right: the fast way first.
        if let body = try? JSONDecoder().decode(Body.self, from: data), body.isWithinLimits { return body }
        var reader = FieldReader(try Self.object(in: data))
        let body = Body(from: &reader)
        try reader.check()
        return body
    }

    /// The object that a body holds.
    package static func object(in data: Data) throws -> [String: JSONValue] {
        guard !data.isEmpty else {
            throw ValidationFailure([
                ValidationFault(type: "missing", loc: [.string("body")], msg: "Field required", input: .null)
            ])
        }
        if let offset = JSONDepth.firstBeyondLimit(in: data) { throw Self.brokenJSON(at: offset) }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: data) else {
            throw Self.brokenJSON(at: Self.faultOffset(in: data))
        }
        guard case .object(let fields) = value else {
            throw ValidationFailure([
                ValidationFault(
                    type: "model_attributes_type", loc: [.string("body")],
                    msg: "Input should be a valid dictionary or object to extract fields from", input: value)
            ])
        }
        return fields
    }

    private static func brokenJSON(at offset: Int) -> ValidationFailure {
        ValidationFailure([
            ValidationFault(
                type: "json_invalid", loc: [.string("body"), .int(Int64(offset))], msg: "JSON decode error",
                input: .object([:]))
        ])
    }

    package func check() throws {
        if !self.faults.isEmpty { throw ValidationFailure(self.faults) }
    }

    package mutating func string(_ name: String) -> String {
        switch self.fields[name] {
        case .string(let text): return text
        case nil: return self.missing(name, "")
        case let other?: return self.fault(name, "string_type", "Input should be a valid string", other, "")
        }
    }

    package mutating func optionalString(_ name: String) -> String? {
        switch self.fields[name] {
        case nil, .null: nil
        case .string(let text): text
        case let other?: self.fault(name, "string_type", "Input should be a valid string", other, nil)
        }
    }

    /// An `http` or `https` address.
    package mutating func webAddress(_ name: String) -> String {
        let text = self.string(name)
        guard self.fields[name] == .string(text), !Self.isWebAddress(text) else { return text }
        return self.fault(
            name, "url_parsing", "Input should be a valid URL, starting with https:// or http://", .string(text), text)
    }

    package static func isWebAddress(_ text: String) -> Bool {
        guard let url = URL(string: text.trimmingCharacters(in: .whitespacesAndNewlines)),
            let scheme = url.scheme?.lowercased(), let host = url.host
        else { return false }
        return ["http", "https"].contains(scheme) && !host.isEmpty
    }

    /// - Parameter standard: The value when the field is left out; without one it must be there. `null` is a fault.
    package mutating func int(_ name: String, default standard: Int? = nil) -> Int {
        guard let value = self.fields[name] else { return standard ?? self.missing(name, 0) }
        return self.integer(value, [.string(name)]) ?? 0
    }

    package mutating func optionalInt(_ name: String) -> Int? {
        switch self.fields[name] {
        case nil, .null: nil
        case let value?: self.integer(value, [.string(name)])
        }
    }

    package mutating func optionalInts(_ name: String, atMost limit: Int) -> [Int]? {
        switch self.fields[name] {
        case nil, .null:
            return nil
        case .array(let values) where values.count > limit:
            return self.fault(
                name, "too_long", "List should have at most \(limit) items, not \(values.count)", .array(values), nil)
        case .array(let values):
            return values.enumerated().compactMap { self.integer($1, [.string(name), .int(Int64($0))]) }
        case let other?:
            return self.fault(name, "list_type", "Input should be a valid list", other, nil)
        }
    }

    /// A list of values of ours; anything else there is a fault.
    package mutating func optionalList<Value: Decodable>(
        _ name: String, of type: Value.Type, atMost limit: Int
    ) -> [Value]? {
        if case .array(let values) = self.fields[name], values.count > limit {
            return self.fault(
                name, "too_long", "List should have at most \(limit) items, not \(values.count)", .null, nil)
        }
        return self.optional(name, as: [Value].self)
    }

    package mutating func bool(_ name: String, default standard: Bool? = nil) -> Bool {
        guard let value = self.fields[name] else { return standard ?? self.missing(name, false) }
        switch value {
        case .bool(let flag): return flag
        case .int(0), .double(0): return false
        case .int(1), .double(1): return true
        case .string(let text):
            switch text.lowercased() {
            case "true", "yes", "on", "t", "y", "1": return true
            case "false", "no", "off", "f", "n", "0": return false
            default: break
            }
            return self.fault(
                name, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value, false)
        case .int, .double:
            return self.fault(
                name, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value, false)
        case .null, .array, .object:
            return self.fault(name, "bool_type", "Input should be a valid boolean", value, false)
        }
    }

    /// An object with values of any kind.
    package mutating func object(_ name: String) -> [String: JSONValue] {
        switch self.fields[name] {
        case .object(let values): return values
        case nil: return self.missing(name, [:])
        case let other?: return self.fault(name, "dict_type", "Input should be a valid dictionary", other, [:])
        }
    }

    /// Whether the field is there at all, be it null.
    package func has(_ name: String) -> Bool { self.fields[name] != nil }

    /// A nested value of ours; anything else there is a fault.
    package mutating func optional<Value: Decodable>(_ name: String, as type: Value.Type) -> Value? {
        guard let value = self.fields[name], value != .null else { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
        } catch {
            return self.fault(name, "model_type", "Input should be a valid \(Value.self)", .null, nil)
        }
    }

    private mutating func integer(_ value: JSONValue, _ place: [JSONValue]) -> Int? {
        switch value {
        case .int(let number):
            return Int(number)
        case .bool(let flag):
            return flag ? 1 : 0
        case .double(let number):
            if let whole = Int(exactly: number) { return whole }
            return self.note(
                place, "int_from_float", "Input should be a valid integer, got a number with a fractional part", value)
        case .string(let text):
            if let number = Int(text.trimmingCharacters(in: .whitespaces)) { return number }
            return self.note(
                place, "int_parsing", "Input should be a valid integer, unable to parse string as an integer", value)
        case .null, .array, .object:
            return self.note(place, "int_type", "Input should be a valid integer", value)
        }
    }

    private mutating func missing<Value>(_ name: String, _ standIn: Value) -> Value {
        self.fault(name, "missing", "Field required", .object(self.fields), standIn)
    }

    private mutating func fault<Value>(
        _ name: String, _ type: String, _ message: String, _ input: JSONValue, _ standIn: Value
    ) -> Value {
        self.faults.append(
            ValidationFault(type: type, loc: self.place + [.string(name)], msg: message, input: input))
        return standIn
    }

    private mutating func note(_ place: [JSONValue], _ type: String, _ message: String, _ input: JSONValue) -> Int? {
        self.faults.append(ValidationFault(type: type, loc: self.place + place, msg: message, input: input))
        return nil
    }

    /// About where a document stops being JSON: the length of the longest start that Foundation names in its error.
    private static func faultOffset(in data: Data) -> Int {
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        } catch let error as NSError {
            if let offset = error.userInfo["NSJSONSerializationErrorIndex"] as? Int { return offset }
        }
        return 0
    }
}
