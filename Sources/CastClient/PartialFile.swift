import CastCore
package import Foundation
import Synchronization

/// A download that may take several tries: what is on disk so far, and how the server knows the file again.
///
/// Until it is whole the bytes are in a file of another name beside the final one.
package final class PartialFile: Sendable {
    package let destination: URL
    private let validator = Mutex<String?>(nil)

    package init(_ destination: URL) { self.destination = destination }

    package var partURL: URL { self.destination.appendingPathExtension("part") }

    /// Removes the part and, if it is there, the whole file.
    package func discard() {
        try? FileManager.default.removeItem(at: self.partURL)
        try? FileManager.default.removeItem(at: self.destination)
    }

    /// Where the next try may go on, and the validator that makes sure the file is still the same.
    var resumption: (offset: UInt64, validator: String)? {
        guard let validator = self.validator.withLock({ $0 }), self.size > 0 else { return nil }
        return (self.size, validator)
    }

    func remember(validator: String?) { self.validator.withLock { $0 = validator } }

    private var size: UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: self.partURL.path)
        return (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
    }

    /// The part, open for writing at `offset`; what was behind it is gone.
    func open(at offset: UInt64) throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: self.partURL.path) {
            guard FileManager.default.createFile(atPath: self.partURL.path, contents: nil) else {
                throw CastError(.storageFull, "\(self.partURL.path) cannot be written.")
            }
        }
        let file = try FileHandle(forWritingTo: self.partURL)
        try file.truncate(atOffset: offset)
        return file
    }

    /// Gives the whole file its name.
    func finish() throws {
        if FileManager.default.fileExists(atPath: self.destination.path) {
            try FileManager.default.removeItem(at: self.destination)
        }
        try FileManager.default.moveItem(at: self.partURL, to: self.destination)
    }
}
