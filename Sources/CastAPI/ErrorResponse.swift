package import CastCore

/// What every refused request is answered with.
package struct ErrorResponse: Sendable, Codable, Equatable {
    /// A sentence, or the list of faults of a request that does not have the right form.
    package enum Detail: Sendable, Equatable, Codable {
        case text(String)
        case faults([ValidationFault])

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .faults(try container.decode([ValidationFault].self))
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .faults(let faults): try container.encode(faults)
            }
        }

        /// One sentence, whatever the form.
        package var sentence: String {
            switch self {
            case .text(let text): text
            case .faults(let faults): faults.map(\.sentence).joined(separator: " ")
            }
        }
    }

    package var detail: Detail
    /// A stable name of the kind of error: a `CastError.Code`.
    package var code: String?

    package init(_ text: String, code: CastError.Code) {
        self.detail = .text(text)
        self.code = code.rawValue
    }

    package init(_ faults: [ValidationFault]) {
        self.detail = .faults(faults)
        self.code = CastError.Code.invalid.rawValue
    }
}

/// One thing that is wrong with a request's form; the existing server's shape.
package struct ValidationFault: Sendable, Equatable, Codable {
    /// For example `missing`, `string_type`, `int_parsing`.
    package var type: String
    /// Where: `body`, `path` or `query`, then field names and positions.
    package var loc: [JSONValue]
    package var msg: String
    /// What came instead, shortened: an answer is never much longer than a page.
    package var input: JSONValue

    package init(type: String, loc: [JSONValue], msg: String, input: JSONValue) {
        self.type = type
        self.loc = loc
        self.msg = msg
        self.input = input.shortened
    }

    /// Whether the body was no JSON at all.
    package var isBrokenJSON: Bool { self.type == "json_invalid" }

    /// The fault in one sentence, with the field's name in front.
    package var sentence: String {
        let place = self.loc.dropFirst().map { part in
            switch part {
            case .string(let name): name
            case .int(let position): String(position)
            case .null, .bool, .double, .array, .object: ""
            }
        }
        return place.isEmpty ? "\(self.msg)." : "\(place.joined(separator: ".")): \(self.msg)."
    }
}
