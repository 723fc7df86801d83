import Foundation

/// Finds out in which encoding a feed is, whatever it says, and turns it into UTF-8.
enum FeedText {
    static func utf8(_ data: Data, contentType: String?) -> [UInt8] {
        let bytes = Array(data)
        if bytes.starts(with: self.mark) {
            var rest = bytes[...]
            while rest.starts(with: self.mark) { rest = rest.dropFirst(3) }
            return self.repaired(Array(rest))
        }
        if bytes.starts(with: [0xFF, 0xFE]) { return self.utf16(bytes.dropFirst(2), isBigEndian: false) }
        if bytes.starts(with: [0xFE, 0xFF]) { return self.utf16(bytes.dropFirst(2), isBigEndian: true) }
        if bytes.starts(with: [0x3C, 0x00]) { return self.utf16(bytes[...], isBigEndian: false) }
        if bytes.starts(with: [0x00, 0x3C]) { return self.utf16(bytes[...], isBigEndian: true) }
        let declared = self.declaration(bytes) ?? self.charset(contentType)
        // Written in seven bits, and so valid UTF-8 that means something else.
        if let declared, declared.lowercased().hasPrefix("iso-2022"), let text = Iconv.utf8(bytes, from: declared) {
            return text
        }
        // What is valid UTF-8 is UTF-8: other encodings hit upon it only with ASCII, where it makes no difference.
        if self.isUTF8(bytes) { return bytes }

        if let declared, let encoding = self.encodings[declared.lowercased()],
            let text = String(data: data, encoding: encoding)
        {
            return Array(text.utf8)
        }
        // What says UTF-8 and is not is one of the West's code pages, now and then or all through.
        guard let declared, !declared.lowercased().hasPrefix("utf") else { return self.repaired(bytes) }
        return Iconv.utf8(bytes, from: declared) ?? self.repaired(bytes)
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// UTF-8 with stray bytes of windows-1252 in it, which is what a template in one encoding makes of text in another.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        guard !self.isUTF8(bytes) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 8)
        var index = 0
        while index < bytes.count {
            let length = self.sequenceLength(bytes, at: index)
            if length > 0 {
                result.append(contentsOf: bytes[index..<index + length])
                index += length
            } else {
                let upper = Int(bytes[index]) - 0x80
                let scalar = upper < 32 ? self.windows1252[upper] : UInt32(bytes[index])
                if let scalar = Unicode.Scalar(scalar) { result.append(contentsOf: String(Character(scalar)).utf8) }
                index += 1
            }
        }
        return result
    }

    /// Bytes of the well-formed UTF-8 sequence that begins here, or 0.
    private static func sequenceLength(_ bytes: [UInt8], at index: Int) -> Int {
        let length: Int
        switch bytes[index] {
        case 0..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 0
        }
        guard index + length <= bytes.count else { return 0 }
        return String(validating: bytes[index..<index + length], as: UTF8.self) == nil ? 0 : length
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> [UInt8] {
        let text = String(data: Data(bytes), encoding: isBigEndian ? .utf16BigEndian : .utf16LittleEndian)
        return Array((text ?? "").utf8)
    }

    private static func declaration(_ bytes: [UInt8]) -> String? {
        let start = String(decoding: bytes.prefix(200), as: UTF8.self)
        return start.firstMatch(of: /<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/).map { String($0.1) }
    }

    private static func charset(_ contentType: String?) -> String? {
        contentType?.firstMatch(of: /charset\s*=\s*"?([A-Za-z0-9._-]+)/.ignoresCase()).map { String($0.1) }
    }

    /// Latin 1 is read as windows-1252, as browsers do: what differs is never meant.
    private static let encodings: [String: String.Encoding] = [
        "iso-8859-1": .windowsCP1252, "latin1": .windowsCP1252, "windows-1252": .windowsCP1252,
        "us-ascii": .windowsCP1252, "iso-8859-2": .isoLatin2, "windows-1250": .windowsCP1250,
        "windows-1251": .windowsCP1251, "windows-1253": .windowsCP1253, "windows-1254": .windowsCP1254,
        "shift_jis": .shiftJIS, "euc-jp": .japaneseEUC,
    ]

    /// What the bytes 0x80 to 0x9F stand for; the five that stand for nothing become the replacement character.
    private static let windows1252: [UInt32] = [
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD,
        0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0xFFFD, 0x017E, 0x0178,
    ]
}
