import CastCore
import Foundation

/// JSON lines that `psql` wrote, in a file that has no name: it is gone with the process, however that ends.
///
/// Node keys are among the lines, so nobody else may read them, and nothing may stay behind.
package final class RowFile: Sendable {
    let descriptor: Int32
    /// Longest line in bytes; the texts in it are cut far below that.
    static let longestLine = 64 << 20

    package init() throws {
        let path = FileManager.default.temporaryDirectory.path + "/cast2md-import-\(UUID().uuidString)"
        self.descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else {
            throw CastError(.unavailable, "\(path) cannot be made: \(String(cString: strerror(errno))).")
        }
        unlink(path)
    }

    /// Lines that were recorded, for tests.
    package convenience init(recorded text: String) throws {
        try self.init()
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw CastError(.storageFull, "The recorded lines cannot be written.") }
            bytes = bytes.dropFirst(count)
        }
    }

    deinit { close(self.descriptor) }

    /// Reads the rows from the first on; any number of readers at once.
    package func rows() -> Rows { Rows(file: self) }

    /// All lines as text, for an answer that is known to be small.
    func lines() throws -> [String] {
        var rows = self.rows()
        var lines: [String] = []
        while let line = try rows.nextLine() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    /// Goes through the file a megabyte at a time.
    package struct Rows {
        private let file: RowFile
        private var offset: off_t = 0
        private var buffer = Data()
        private var isAtEnd = false
        private let decoder = JSONDecoder()

        fileprivate init(file: RowFile) { self.file = file }

        /// The next row, or nil at the end.
        ///
        /// - Throws: `.invalid` for a line that is no row.
        package mutating func next() throws -> OldRow? {
            while let line = try self.nextLine() {
                if line.isEmpty { continue }
                return try self.decode(line)
            }
            return nil
        }

        private func decode(_ line: Data) throws -> OldRow {
            do {
                return try self.decoder.decode(OldRow.self, from: line)
            } catch {
                // A database without an encoding holds any bytes; what is no UTF-8 becomes a replacement character.
                let repaired = Data(String(decoding: line, as: UTF8.self).utf8)
                if repaired != line, let row = try? self.decoder.decode(OldRow.self, from: repaired) { return row }
                let start = String(decoding: line.prefix(40), as: UTF8.self)
                throw CastError(
                    .invalid, "A row of the database cannot be read; it begins with “\(start)”.", cause: error)
            }
        }

        fileprivate mutating func nextLine() throws -> Data? {
            var searched = self.buffer.startIndex
            while true {
                if let end = Self.lineEnd(in: self.buffer[searched...]) {
                    let line = self.buffer[self.buffer.startIndex..<end]
                    self.buffer = self.buffer[(end + 1)...]
                    return Data(line)
                }
                if self.isAtEnd {
                    defer { self.buffer = Data() }
                    return self.buffer.isEmpty ? nil : Data(self.buffer)
                }
                guard self.buffer.count < RowFile.longestLine else {
                    throw CastError(.tooLarge, "A row of the database is larger than 64 MB.")
                }
                let known = self.buffer.count
                // A copy of what is left, so that what was read already is let go.
                self.buffer = Data(self.buffer) + (try self.nextChunk())
                searched = self.buffer.startIndex + known
            }
        }

        private static func lineEnd(in data: Data) -> Data.Index? {
            data.withUnsafeBytes { bytes -> Data.Index? in
                guard let start = bytes.baseAddress, let end = memchr(start, 0x0A, bytes.count) else { return nil }
                return data.startIndex + (UnsafeRawPointer(end) - start)
            }
        }

        private mutating func nextChunk() throws -> Data {
            var chunk = Data(count: 1 << 20)
            let count = chunk.withUnsafeMutableBytes {
                pread(self.file.descriptor, $0.baseAddress, $0.count, self.offset)
            }
            guard count >= 0 else {
                throw CastError(.unavailable, "The rows cannot be read back: \(String(cString: strerror(errno))).")
            }
            self.isAtEnd = count == 0
            self.offset += off_t(count)
            return chunk.prefix(count)
        }
    }
}
