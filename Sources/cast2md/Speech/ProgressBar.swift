import CastClient
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
    func show(_ share: Double) { self.draw(ProgressLine.text(label: self.label, share: share)) }

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
