import Foundation

/// The text of a file whose encoding nobody names.
enum TranscriptEncoding {
    static func text(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        if bytes.starts(with: [0xFF, 0xFE]) { return self.wide(bytes.dropFirst(2), .utf16LittleEndian) }
        if bytes.starts(with: [0xFE, 0xFF]) { return self.wide(bytes.dropFirst(2), .utf16BigEndian) }
        let rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if let text = String(validating: rest, as: UTF8.self) { return text }
        // A file that was cut within a character is UTF-8 all the same.
        for cut in 1...3 {
            if let text = String(validating: rest.dropLast(cut), as: UTF8.self) { return text }
        }
        // Programs for subtitles under Windows write their own code page, which in the West is this one.
        return String(data: Data(rest), encoding: .windowsCP1252) ?? String(decoding: rest, as: UTF8.self)
    }

    private static func wide(_ bytes: ArraySlice<UInt8>, _ encoding: String.Encoding) -> String {
        String(data: Data(bytes), encoding: encoding) ?? ""
    }
}
