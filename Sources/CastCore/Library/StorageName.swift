package import Foundation

/// Names of files and folders in the storage, made from titles that anybody may have written.
package enum StorageName {
    /// Longest name in bytes; Linux allows 255, and endings and numbers are to come.
    static let maximumBytes = 200
    /// Longest title in characters, as with the existing server.
    static let maximumCharacters = 80

    /// A title as a name: letters and digits of every script stay, white space and what file systems or shells dislike
    /// become `_`, and no name is empty, hidden or a way out of its folder.
    package static func safe(_ title: String) -> String {
        var name = ""
        for scalar in title.precomposedStringWithCanonicalMapping.unicodeScalars {
            let reserved = "<>:\"/\\|?*".unicodeScalars.contains(scalar)
            let isSpace = scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
            let isInvisible =
                scalar.properties.generalCategory == .format || scalar.properties.generalCategory == .surrogate
            if isInvisible { continue }
            if reserved || isSpace {
                if !name.hasSuffix("_") { name.append("_") }
            } else {
                name.unicodeScalars.append(scalar)
            }
        }
        name = Self.trimmed(String(name.prefix(Self.maximumCharacters)))
        while name.utf8.count > Self.maximumBytes { name = Self.trimmed(String(name.dropLast())) }
        return name.isEmpty ? "unnamed" : name
    }

    /// `YYYY-MM-DD_<title>`; the day is the publication's in UTC, or today.
    package static func stem(title: String, publishedAt: Date?, now: Date) -> String {
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
        return (publishedAt ?? now).formatted(style) + "_" + Self.safe(title)
    }

    /// The name, or the first of `name_2`, `name_3`, … that is not taken.
    package static func unique(_ name: String, isTaken: (String) throws -> Bool) rethrows -> String {
        if try !isTaken(name) { return name }
        var number = 2
        while try isTaken("\(name)_\(number)") { number += 1 }
        return "\(name)_\(number)"
    }

    private static func trimmed(_ name: String) -> String {
        // A leading dot hides a file, a leading dash is an option to many programs, trailing dots vanish on Windows.
        name.trimmingCharacters(in: CharacterSet(charactersIn: "._- "))
    }
}
