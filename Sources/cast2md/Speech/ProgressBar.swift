import Foundation
import Synchronization

/// One line on a terminal that shows how far something is; nothing at all in a pipe.
final class ProgressBar: Sendable {
    private let label: String
    private let isShown = isatty(STDERR_FILENO) != 0
    private let last = Mutex("")

    init(label: String) {
        self.label = String(label.filter { !$0.isNewline && $0 != "\u{1B}" }.prefix(40))
    }

    /// - Parameter share: 0 to 1.
    func show(_ share: Double) {
        let width = 30
        let done = Int((min(1, max(0, share)) * Double(width)).rounded())
        let bar = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
        self.draw("\(self.label)  \(bar)  \(Int(share * 100)) %")
    }

    func say(_ text: String) { self.draw(text) }

    /// Removes the line.
    func finish() { self.draw("") }

    private func draw(_ line: String) {
        guard self.isShown else { return }
        self.last.withLock { last in
            guard line != last else { return }
            last = line
            FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
        }
    }
}
