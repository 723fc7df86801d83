/// Splits what a program says into lines for the log, whatever bytes come.
///
/// A progress bar without a line's end, or bytes that are no text, must neither grow without bound nor end the reading.
package struct LogLines {
    package static let maximumLength = 2000

    private var line: [UInt8] = []

    package init() {}

    /// Takes the next bytes, and gives out the lines that are complete.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let text = self.finish() { lines.append(text) }
            } else if self.line.count < Self.maximumLength {
                self.line.append(byte)
            }
        }
        return lines
    }

    /// What is left without a line's end.
    package mutating func finish() -> String? {
        defer { self.line.removeAll(keepingCapacity: true) }
        let text = String(decoding: self.line, as: UTF8.self)
        // A log line must not move a terminal's cursor.
        let plain = text.unicodeScalars.filter { $0.properties.generalCategory != .control || $0 == "\t" }
        let shown = String(String.UnicodeScalarView(plain))
        return shown.allSatisfy(\.isWhitespace) ? nil : shown
    }
}
