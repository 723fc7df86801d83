import CastCore

/// Text as it may stand in XML, whatever is in it.
enum XMLText {
    /// The text with markup escaped, fit for attributes as well, and without characters that XML does not know.
    static func escaped(_ text: String) -> String {
        // Most text needs nothing.
        let needsNothing = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x26, 0x3C, 0x3E, 0x22, 0x27, 0x0..<0x20, 0xEF: false
            default: true
            }
        }
        if needsNothing { return text }
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count + 32)
        for scalar in text.unicodeScalars where HTMLEntities.isAllowed(scalar) {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // A reader would make a space or a line feed of them.
            case "\r": escaped += "&#13;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The same on one line: attributes lose their line ends in any reader.
    static func line(_ text: String) -> String {
        self.escaped(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }

    static func element(_ name: String, _ text: String) -> String { "<\(name)>\(self.escaped(text))</\(name)>" }

    static func attribute(_ name: String, _ value: String?) -> String {
        value.map { " \(name)=\"\(self.line($0))\"" } ?? ""
    }
}
