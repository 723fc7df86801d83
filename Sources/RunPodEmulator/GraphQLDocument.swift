import CastCore

/// A GraphQL request, as far as pod clients write them: one operation, fields, arguments and variables.
struct GraphQLDocument: Equatable {
    struct Field: Equatable {
        /// Under which the answer has it.
        var alias: String
        var name: String
        var arguments: [String: JSONValue]
        var fields: [Field]
    }

    var isMutation: Bool
    var fields: [Field]

    /// - Throws: 400 with GraphQL's usual sentence.
    init(_ text: String, variables: [String: JSONValue] = [:]) throws(Problem) {
        var parser = GraphQLParser(text, variables: variables)
        (self.isMutation, self.fields) = try parser.document()
    }
}

private struct GraphQLParser {
    private enum Token: Equatable {
        case name(String)
        case string(String)
        case number(String)
        case sign(Character)
        case end
    }

    private let signs: [Character]
    private var index = 0
    private var token = Token.end
    private var depth = 0
    private let variables: [String: JSONValue]

    init(_ text: String, variables: [String: JSONValue]) {
        self.signs = Array(text)
        self.variables = variables
    }

    mutating func document() throws(Problem) -> (Bool, [GraphQLDocument.Field]) {
        try self.advance()
        var isMutation = false
        if case .name(let word) = self.token {
            guard ["query", "mutation"].contains(word) else { throw self.unexpected() }
            isMutation = word == "mutation"
            try self.advance()
            if case .name = self.token { try self.advance() }
            if self.token == .sign("(") { try self.skipVariableDefinitions() }
        }
        return (isMutation, try self.selection())
    }

    /// `($i: PodTerminateInput!)`: types are not checked.
    private mutating func skipVariableDefinitions() throws(Problem) {
        while self.token != .sign(")") {
            guard self.token != .end else { throw self.unexpected() }
            try self.advance()
        }
        try self.advance()
    }

    private mutating func selection() throws(Problem) -> [GraphQLDocument.Field] {
        try self.expect("{")
        self.depth += 1
        guard self.depth <= 16 else { throw Problem(status: 400, detail: "The query nests too deep.") }
        var fields: [GraphQLDocument.Field] = []
        while self.token != .sign("}") { fields.append(try self.field()) }
        self.depth -= 1
        try self.advance()
        return fields
    }

    private mutating func field() throws(Problem) -> GraphQLDocument.Field {
        let alias = try self.name()
        var name = alias
        if self.token == .sign(":") {
            try self.advance()
            name = try self.name()
        }
        var arguments: [String: JSONValue] = [:]
        if self.token == .sign("(") {
            try self.advance()
            while self.token != .sign(")") {
                let argument = try self.name()
                try self.expect(":")
                arguments[argument] = try self.value()
            }
            try self.advance()
        }
        let fields = self.token == .sign("{") ? try self.selection() : []
        return GraphQLDocument.Field(alias: alias, name: name, arguments: arguments, fields: fields)
    }

    private mutating func value() throws(Problem) -> JSONValue {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= 16 else { throw Problem(status: 400, detail: "The query nests too deep.") }
        let token = self.token
        try self.advance()
        switch token {
        case .string(let text): return .string(text)
        case .number(let text): return Int64(text).map(JSONValue.int) ?? Double(text).map(JSONValue.double) ?? .null
        case .name("true"): return .bool(true)
        case .name("false"): return .bool(false)
        case .name("null"): return .null
        case .name(let word): return .string(word)
        case .sign("$"): return self.variables[try self.name()] ?? .null
        case .sign("["):
            var values: [JSONValue] = []
            while self.token != .sign("]") { values.append(try self.value()) }
            try self.advance()
            return .array(values)
        case .sign("{"):
            var fields: [String: JSONValue] = [:]
            while self.token != .sign("}") {
                let name = try self.name()
                try self.expect(":")
                fields[name] = try self.value()
            }
            try self.advance()
            return .object(fields)
        case .sign, .end: throw self.unexpected()
        }
    }

    private mutating func name() throws(Problem) -> String {
        guard case .name(let name) = self.token else { throw self.unexpected() }
        try self.advance()
        return name
    }

    private mutating func expect(_ sign: Character) throws(Problem) {
        guard self.token == .sign(sign) else { throw self.unexpected() }
        try self.advance()
    }

    private func unexpected() -> Problem {
        let what: String =
            switch self.token {
            case .name(let text): "Name \"\(text)\""
            case .string(let text): "String \"\(text.prefix(50))\""
            case .number(let text): "Number \"\(text)\""
            case .sign(let sign): "\"\(sign)\""
            case .end: "<EOF>"
            }
        return Problem(status: 400, detail: "Syntax Error: Unexpected \(what).")
    }

    /// Reads the next token; blanks and commas separate them.
    private mutating func advance() throws(Problem) {
        while self.index < self.signs.count, self.signs[self.index].isWhitespace || self.signs[self.index] == "," {
            self.index += 1
        }
        guard self.index < self.signs.count else {
            self.token = .end
            return
        }
        let first = self.signs[self.index]
        if first == "\"" {
            self.token = .string(try self.string())
        } else if first.isLetter || first == "_" {
            self.token = .name(self.take { $0.isLetter || $0.isNumber || $0 == "_" })
        } else if first.isNumber || first == "-" {
            self.token = .number(self.take { $0.isNumber || "+-.eE".contains($0) })
        } else {
            self.index += 1
            self.token = .sign(first)
        }
    }

    private mutating func take(while holds: (Character) -> Bool) -> String {
        let start = self.index
        while self.index < self.signs.count, holds(self.signs[self.index]) { self.index += 1 }
        return String(self.signs[start..<self.index])
    }

    private mutating func string() throws(Problem) -> String {
        self.index += 1
        var text = ""
        while self.index < self.signs.count, self.signs[self.index] != "\"" {
            guard !self.signs[self.index].isNewline else { break }
            if self.signs[self.index] == "\\", self.index + 1 < self.signs.count {
                self.index += 1
                switch self.signs[self.index] {
                case "n": text.append("\n")
                case "t": text.append("\t")
                case let other: text.append(other)
                }
            } else {
                text.append(self.signs[self.index])
            }
            self.index += 1
        }
        guard self.index < self.signs.count, self.signs[self.index] == "\"" else {
            throw Problem(status: 400, detail: "Syntax Error: Unterminated string.")
        }
        self.index += 1
        return text
    }
}
