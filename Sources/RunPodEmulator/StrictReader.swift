import CastCore
import Foundation

/// Reads an object whose every key must be known, and notes what is wrong with each.
struct StrictReader {
    private let fields: [String: JSONValue]
    private let place: String
    private var read: Set<String> = []
    private(set) var faults: [String] = []

    init(_ fields: [String: JSONValue], at place: String = "") {
        self.fields = fields
        self.place = place
    }

    /// The object that a body holds.
    init(body: Data) throws(Problem) {
        guard JSONDepth.firstBeyondLimit(in: body) == nil,
            case .object(let fields)? = try? JSONDecoder().decode(JSONValue.self, from: body)
        else { throw .invalid(["the body is not a JSON object"]) }
        self.init(fields)
    }

    func has(_ name: String) -> Bool { self.fields[name].map { $0 != .null } ?? false }

    mutating func string(_ name: String) -> String? {
        switch self.take(name) {
        case .string(let text): return text
        case nil: return nil
        default: return self.fault(name, "must be a string")
        }
    }

    mutating func required(_ name: String) -> String {
        if let text = self.string(name), !text.isEmpty { return text }
        if !self.faults.contains(where: { $0.hasPrefix("\(self.place)\(name) ") }) {
            self.faults.append("\(self.place)\(name) is required")
        }
        return ""
    }

    mutating func int(_ name: String, atLeast least: Int64 = 0) -> Int? {
        switch self.take(name) {
        case .int(let number) where number >= least: return Int(number)
        case nil: return nil
        default: return self.fault(name, "must be an integer of at least \(least)")
        }
    }

    /// Not beyond a thousand million, so that it can be a time or an amount.
    mutating func number(_ name: String) -> Double? {
        switch self.take(name) {
        case .int(let number) where abs(Double(number)) <= 1e9: return Double(number)
        case .double(let number) where abs(number) <= 1e9: return number
        case nil: return nil
        default: return self.fault(name, "must be a number up to 1000000000")
        }
    }

    mutating func bool(_ name: String) -> Bool? {
        switch self.take(name) {
        case .bool(let flag): return flag
        case nil: return nil
        default: return self.fault(name, "must be true or false")
        }
    }

    mutating func strings(_ name: String) -> [String]? {
        guard let value = self.take(name) else { return nil }
        guard case .array(let entries) = value else { return self.fault(name, "must be a list of strings") }
        let texts = entries.compactMap { entry in if case .string(let text) = entry { text } else { nil } }
        return texts.count == entries.count ? texts : self.fault(name, "must be a list of strings")
    }

    mutating func map(_ name: String) -> [String: String]? {
        guard let value = self.take(name) else { return nil }
        guard case .object(let entries) = value else { return self.fault(name, "must be a map of strings") }
        let texts = entries.compactMapValues { entry in if case .string(let text) = entry { text } else { nil } }
        return texts.count == entries.count ? texts : self.fault(name, "must be a map of strings")
    }

    /// One of a fixed set.
    mutating func choice(_ name: String, of choices: [String]) -> String? {
        guard let text = self.string(name) else { return nil }
        return choices.contains(text) ? text : self.fault(name, "must be one of \(choices.joined(separator: ", "))")
    }

    mutating func object<Value>(_ name: String, _ body: (inout StrictReader) -> Value) -> Value? {
        guard let value = self.take(name) else { return nil }
        guard case .object(let fields) = value else { return self.fault(name, "must be an object") }
        var reader = StrictReader(fields, at: "\(self.place)\(name).")
        let result = body(&reader)
        reader.refuseUnknown()
        self.faults += reader.faults
        return result
    }

    mutating func ignore(_ names: String...) { self.read.formUnion(names) }

    mutating func note(_ fault: String) { self.faults.append("\(self.place)\(fault)") }

    /// - Throws: 422 with all that is wrong.
    mutating func check() throws(Problem) {
        self.refuseUnknown()
        if !self.faults.isEmpty { throw .invalid(self.faults) }
    }

    private mutating func refuseUnknown() {
        for name in self.fields.keys.sorted() where !self.read.contains(name) {
            self.faults.append("unknown field \"\(self.place)\(name)\"")
        }
    }

    private mutating func take(_ name: String) -> JSONValue? {
        self.read.insert(name)
        return self.fields[name].flatMap { $0 == .null ? nil : $0 }
    }

    private mutating func fault<Value>(_ name: String, _ what: String) -> Value? {
        self.faults.append("\(self.place)\(name) \(what)")
        return nil
    }
}
