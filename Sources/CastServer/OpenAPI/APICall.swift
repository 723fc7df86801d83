import CastAPI
import CastCore

/// One call of the API, for its description.
struct APICall {
    enum Answer {
        case json(any Decodable.Type)
        /// Something else, of this media type.
        case other(String)
    }

    enum Parameter {
        case text(String, String)
        case number(String, String)
        case choice(String, [String], String)
    }

    var method: String
    /// With parameters in braces, as OpenAPI has them.
    var path: String
    var summary: String
    var query: [Parameter] = []
    /// What is sent, where it is JSON.
    var body: (any Decodable.Type)?
    var status = 200
    var answer: Answer

    init(
        _ method: String, _ path: String, _ summary: String, query: [Parameter] = [],
        body: (any Decodable.Type)? = nil, status: Int = 200, _ answer: Answer
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.query = query
        self.body = body
        self.status = status
        self.answer = answer
    }

    init(
        _ method: String, _ path: String, _ summary: String, query: [Parameter] = [],
        body: (any Decodable.Type)? = nil, status: Int = 200, _ answer: any Decodable.Type
    ) {
        self.init(method, path, summary, query: query, body: body, status: status, .json(answer))
    }
}

extension APICall.Parameter {
    /// The parameter as OpenAPI has it.
    var description: JSONValue {
        let (name, schema, text): (String, [String: JSONValue], String) =
            switch self {
            case .text(let name, let text): (name, ["type": .string("string")], text)
            case .number(let name, let text): (name, ["type": .string("integer")], text)
            case .choice(let name, let values, let text):
                (name, ["type": .string("string"), "enum": .array(values.map { .string($0) })], text)
            }
        return .object([
            "name": .string(name), "in": .string("query"), "required": .bool(name == "q"),
            "schema": .object(schema), "description": .string(text),
        ])
    }
}
