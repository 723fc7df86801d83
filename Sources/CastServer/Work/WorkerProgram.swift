import CastCore
import Crypto
import Foundation
import Synchronization

/// The program that this server is, for nodes that fetch it: then worker and server never differ in version.
package final class WorkerProgram: Sendable {
    struct Facts: Sendable, Equatable {
        var size: Int
        /// Hexadecimal.
        var sha256: String
    }

    /// What it runs on; nil on systems for which no worker is handed out.
    package static var platform: String? {
        #if os(Linux) && arch(x86_64)
            "linux-x86_64"
        #elseif os(Linux) && arch(arm64)
            "linux-aarch64"
        #else
            nil
        #endif
    }

    /// The running program itself, also after an update has put another file in its place.
    package static let own = "/proc/self/exe"

    let path: String
    private let looking = Mutex<Task<Facts, any Error>?>(nil)

    package init(path: String = WorkerProgram.own) { self.path = path }

    /// Size and digest; read once, on a thread that serves nothing else.
    ///
    /// - Throws: `.unavailable` when the file cannot be read.
    func facts() async throws -> Facts {
        let task = self.looking.withLock { looking in
            let task = looking ?? Task { [path = self.path] in try await Self.look(at: path) }
            looking = task
            return task
        }
        do {
            return try await task.value
        } catch {
            self.looking.withLock { $0 = nil }
            throw error
        }
    }

    /// Whether this program needs Swift's libraries where it runs; one that was built with `--static-stdlib` does not.
    static var needsSwiftRuntime: Bool {
        guard let maps = FileManager.default.contents(atPath: "/proc/self/maps") else { return false }
        return maps.range(of: Data("libswiftCore.so".utf8)) != nil
    }

    private static func look(at path: String) async throws -> Facts {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                continuation.resume(with: Result { try Self.read(path) })
            }
        }
    }

    private static func read(_ path: String) throws -> Facts {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            var digest = SHA256()
            var size = 0
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                digest.update(data: piece)
                size += piece.count
            }
            return Facts(size: size, sha256: digest.finalize().map { Self.hexadecimal($0) }.joined())
        } catch {
            throw CastError(.unavailable, "The server's own program cannot be read.", cause: error)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}
