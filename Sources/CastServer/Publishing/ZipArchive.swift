import Foundation

/// A ZIP archive that is written while it is sent: one file after the other, stored as it is.
///
/// PKWARE's APPNOTE 6.3.10, without ZIP64: files below 4 GB, and fewer than 65,535 of them. Text is not compressed here;
/// a proxy or the disk may do that.
struct ZipArchive {
    private struct Entry {
        var name: [UInt8]
        var checksum: UInt32
        var size: UInt32
        var offset: UInt32
    }

    static let mostFiles = 65_000
    private static let mostBytes = 0xFFFF_0000
    private var entries: [Entry] = []
    private var offset = 0

    /// The bytes of one file.
    ///
    /// - Returns: Nil when the archive is full: what was written so far and `end` make a whole one.
    mutating func add(_ name: String, _ bytes: [UInt8]) -> [UInt8]? {
        let path = Array(name.utf8)
        guard self.entries.count < Self.mostFiles, path.count < 60_000,
            self.offset + bytes.count + path.count + 30 < Self.mostBytes
        else { return nil }
        let entry = Entry(
            name: path, checksum: Self.checksum(bytes), size: UInt32(bytes.count), offset: UInt32(self.offset))
        self.entries.append(entry)
        let head = Self.words(four: 0x0403_4B50) + Self.common(entry) + path
        self.offset += head.count + bytes.count
        return head + bytes
    }

    /// The list of files, which closes the archive.
    func end() -> [UInt8] {
        var list: [UInt8] = []
        for entry in self.entries {
            list += Self.words(four: 0x0201_4B50) + Self.words(two: 0x0314) + Self.common(entry)
            // No comment, first disk, plain file with ordinary rights, and where it begins.
            list += Self.words(two: 0) + Self.words(two: 0) + Self.words(two: 0)
            list += Self.words(four: 0o100644 << 16) + Self.words(four: entry.offset) + entry.name
        }
        let count = UInt16(self.entries.count)
        var end = Self.words(four: 0x0605_4B50) + Self.words(two: 0) + Self.words(two: 0)
        end += Self.words(two: count) + Self.words(two: count)
        end += Self.words(four: UInt32(list.count)) + Self.words(four: UInt32(self.offset)) + Self.words(two: 0)
        return list + end
    }

    /// What both records say of a file: version 2.0, names in UTF-8, stored, no date (1 January 1980).
    private static func common(_ entry: Entry) -> [UInt8] {
        let head: [UInt16] = [20, 0x0800, 0, 0, 0x21]
        return head.flatMap { Self.words(two: $0) } + Self.words(four: entry.checksum) + Self.words(four: entry.size)
            + Self.words(four: entry.size) + Self.words(two: UInt16(entry.name.count)) + Self.words(two: 0)
    }

    private static func words(two value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

    private static func words(four value: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8((value >> $0) & 0xFF) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { Self.table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }
}
