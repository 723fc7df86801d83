import Foundation

/// What a person at a terminal, or a pipe, gets to see.
enum Console {
    /// Whether standard output is a terminal, so that lines can be drawn again.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes at once: `print` holds lines back when its output is a pipe.
    static func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    static func line(_ text: String = "") {
        self.write(text + "\n")
    }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
