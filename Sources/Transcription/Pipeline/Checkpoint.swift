import CastCore
import Crypto
import Foundation
import Synchronization

/// What was heard of one file so far, on disk, so that a worker that is killed goes on where it was.
///
/// A line of JSON a segment. A segment is known again by its place and its samples, so nothing of another file, another
/// cut or another decoder is ever taken for it. What is damaged is ignored: then it is recognised again. Writing is best
/// effort; a full disk costs the checkpoint, not the transcript.
final class Checkpoint: Sendable {
    struct Key: Sendable, Hashable, Codable {
        var start: Int
        var count: Int
        var digest: UInt64

        init(_ segment: SpeechSegment) {
            self.start = segment.pieces.first?.fileStart ?? 0
            self.count = segment.samples.count
            // FNV-1a over eight bytes at a time: quick, and the same in every run. Four side by side, since a product takes
            // longer than reading its numbers.
            let prime: UInt64 = 1_099_511_628_211
            var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 14_695_981_039_346_656_037)
            segment.samples.withUnsafeBytes { bytes in
                var offset = 0
                while offset + 32 <= bytes.count {
                    a = (a ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* prime
                    b = (b ^ bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)) &* prime
                    c = (c ^ bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)) &* prime
                    d = (d ^ bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)) &* prime
                    offset += 32
                }
                for byte in bytes[offset...] { d = (d ^ UInt64(byte)) &* prime }
            }
            var hash = [a, b, c].reduce(d) { ($0 ^ $1) &* prime }
            for piece in segment.pieces {
                hash = (hash ^ UInt64(truncatingIfNeeded: piece.fileStart)) &* prime
            }
            self.digest = hash
        }
    }

    struct Entry: Sendable, Codable {
        var key: Key
        var words: [Transcript.Word]
        var failure: String?
        /// Whether there is sound, but nobody speaks; left out of the file where it is not so.
        var isSpeechless: Bool?
        var engine: String?
        /// The file's language, once it is settled.
        var language: String?
    }

    private struct Head: Codable, Equatable {
        var version = 2
        var audio: String
        var model: String
        var language: String?
    }

    /// What an earlier run left.
    let entries: [Key: Entry]
    /// The language that it had found.
    let language: String?
    private let file: Mutex<FileHandle?>

    /// Opens the checkpoint of an audio file, and begins a new one if what is there is of another.
    ///
    /// - Parameter language: What the caller knows of the language, if anything.
    init(_ url: URL, of audio: String, model: String, language: String?) {
        let head = Head(audio: (try? Self.fingerprint(of: audio)) ?? "", model: model, language: language)
        let (entries, length) = Self.read(url, head)
        self.entries = Dictionary(entries.map { ($0.key, $0) }) { $1 }
        self.language = entries.compactMap(\.language).last
        self.file = Mutex(Self.open(url, keeping: length, head))
    }

    func add(_ entries: [Entry]) {
        let encoder = JSONEncoder()
        var data = Data()
        for entry in entries {
            guard let line = try? encoder.encode(entry) else { continue }
            data.append(line)
            data.append(UInt8(ascii: "\n"))
        }
        self.file.withLock { file in
            do { try file?.write(contentsOf: data) } catch { file = nil }
        }
    }

    /// The entries of a file that begins as it should, and how many of its bytes are good.
    private static func read(_ url: URL, _ head: Head) -> (entries: [Entry], length: Int) {
        guard let data = try? Data(contentsOf: url) else { return ([], 0) }
        let decoder = JSONDecoder()
        var entries: [Entry] = []
        var length = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            if length == 0 {
                guard (try? decoder.decode(Head.self, from: line)) == head else { return ([], 0) }
            } else {
                guard let entry = try? decoder.decode(Entry.self, from: line) else { break }
                entries.append(entry)
            }
            length += line.count + 1
        }
        return (entries, length)
    }

    private static func open(_ url: URL, keeping length: Int, _ head: Head) -> FileHandle? {
        let files = FileManager.default
        do {
            try files.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            if length == 0 {
                guard files.createFile(atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                    return nil
                }
            }
            let file = try FileHandle(forWritingTo: url)
            try file.truncate(atOffset: UInt64(length))
            try file.seekToEnd()
            if length == 0 { try file.write(contentsOf: try JSONEncoder().encode(head) + [UInt8(ascii: "\n")]) }
            return file
        } catch {
            return nil
        }
    }

    /// Tells one audio file from another: its size, and what is in its first and last mebibyte.
    private static func fingerprint(of path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let size = try file.seekToEnd()
        var digest = SHA256()
        for offset in [0, size > 1 << 20 ? size - 1 << 20 : 0] {
            try file.seek(toOffset: offset)
            digest.update(data: try file.read(upToCount: 1 << 20) ?? Data())
        }
        return "\(size)-" + digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
