/// Variables in a file, one a line, as shells and other programs write them.
///
/// `NAME=value`, perhaps with `export` before it and white space around the equals sign. In single quotes everything is
/// itself; in double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` stand for one character. Without quotes a value ends
/// before white space and `#`. A dollar sign is a dollar sign: nothing is put in for a name. Of two lines with one name
/// the later one counts.
package enum DotEnv {
    /// Reads a file's text.
    ///
    /// - Parameter name: The file's, for the sentence of an error.
    /// - Throws: `.invalid` that names the file and up to three lines that cannot be read, and says why.
    package static func parse(_ text: String, name: String) throws -> [String: String] {
        var values: [String: String] = [:]
        var faults: [String] = []
        // A carriage return and a line feed are one character to Swift.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        for (index, line) in lines.enumerated() {
            do throws(Fault) {
                guard let (key, value) = try Self.pair(index == 0 ? line.trimmingByteOrderMark : line) else { continue }
                values[key] = value
            } catch {
                faults.append("line \(index + 1): \(error.sentence)")
            }
        }
        guard faults.isEmpty else {
            let more = faults.count > 3 ? " And \(faults.count - 3) more lines." : ""
            throw CastError(.invalid, "\(name), \(faults.prefix(3).joined(separator: " "))\(more)")
        }
        return values
    }

    private struct Fault: Error {
        let sentence: String
    }

    /// - Returns: Nil for a line that holds nothing.
    private static func pair(_ line: Substring) throws(Fault) -> (String, String)? {
        var rest = line.drop(while: \.isBlank)
        guard let first = rest.first, first != "#" else { return nil }
        if rest.hasPrefix("export"), rest.dropFirst(6).first?.isBlank == true {
            rest = rest.dropFirst(6).drop(while: \.isBlank)
        }
        let name = rest.prefix { $0 != "=" && !$0.isBlank }
        rest = rest.dropFirst(name.count).drop(while: \.isBlank)
        guard rest.first == "=" else { throw Fault(sentence: "There is no “=” after the name; it must be NAME=value.") }
        guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
            throw Fault(
                sentence: "“\(name.prefix(40))” is not a variable's name; it must be letters, digits and underscores.")
        }
        return (String(name), try Self.value(rest.dropFirst()))
    }

    private static func value(_ text: Substring) throws(Fault) -> String {
        let value = text.drop(while: \.isBlank)
        guard let quote = value.first, quote == "\"" || quote == "'" else {
            return Self.plain(text)
        }
        var result = ""
        var rest = value.dropFirst()
        while let character = rest.popFirst() {
            if character == quote {
                let after = rest.drop(while: \.isBlank)
                guard after.isEmpty || (after.first == "#" && after.startIndex != rest.startIndex) else {
                    throw Fault(sentence: "There is more after the closing quote.")
                }
                return result
            }
            guard character == "\\", quote == "\"", let next = rest.first, let meant = Self.escapes[next] else {
                result.append(character)
                continue
            }
            result.append(meant)
            rest.removeFirst()
        }
        throw Fault(sentence: "The quote is not closed on the same line.")
    }

    private static let escapes: [Character: Character] = [
        "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\", "$": "$",
    ]

    /// A value without quotes: up to a comment, which has white space before it.
    private static func plain(_ text: Substring) -> String {
        var end = text.startIndex
        var isAfterBlank = false
        for index in text.indices {
            if text[index] == "#", isAfterBlank { break }
            isAfterBlank = text[index].isBlank
            if !isAfterBlank { end = text.index(after: index) }
        }
        return String(text[..<end].drop(while: \.isBlank))
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension Substring {
    fileprivate var trimmingByteOrderMark: Substring { self.first == "\u{FEFF}" ? self.dropFirst() : self }
}
