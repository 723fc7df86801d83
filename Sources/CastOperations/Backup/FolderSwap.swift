import CastCore
import Foundation

/// Puts a finished folder in the place of another one.
enum FolderSwap {
    /// - Parameter ending: What the old folder's name gets at its end.
    /// - Returns: Where the old folder is now; nil when there was none, or nothing in it.
    /// - Throws: `.unavailable` when it cannot be done; then all is as it was.
    static func put(_ new: String, _ place: String, aside ending: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: place) else {
            try Self.move(new, place)
            return nil
        }
        let kept = place + ending
        if Self.exchange(new, place) {
            try? Self.move(new, kept)
        } else {
            try Self.move(place, kept)
            do {
                try Self.move(new, place)
            } catch {
                try Self.move(kept, place)
                throw error
            }
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: kept)) ?? []
        guard names.allSatisfy({ $0 == "cast2md.lock" }) else { return kept }
        try? FileManager.default.removeItem(atPath: kept)
        return nil
    }

    /// Takes a `put` back as far as that goes: the new folder is kept under another name.
    static func undo(_ place: String, kept: String?) {
        try? Self.move(place, place + ".undone-\(UUID().uuidString.prefix(8).lowercased())")
        if let kept { try? Self.move(kept, place) }
    }

    private static func move(_ from: String, _ to: String) throws {
        guard rename(from, to) != 0 else { return }
        let number = errno
        let hint = number == EBUSY || number == EXDEV ? " Where a disk is mounted, name a folder below it." : ""
        throw CastError(.unavailable, "\(from) cannot become \(to): \(String(cString: strerror(number))).\(hint)")
    }

    private typealias Exchange =
        @convention(c) (
            CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt
        ) -> CInt

    /// Swaps two names in one step, where kernel and file system can (renameat2(2), RENAME_EXCHANGE).
    private static func exchange(_ one: String, _ other: String) -> Bool {
        guard let symbol = dlsym(nil, "renameat2") else { return false }
        return unsafeBitCast(symbol, to: Exchange.self)(AT_FDCWD, one, AT_FDCWD, other, 2) == 0
    }
}
