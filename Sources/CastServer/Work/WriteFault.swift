import CastCore
import Foundation
import _NIOFileSystem

/// Turns what goes wrong while writing to the storage into a `CastError`.
enum WriteFault {
    /// - Parameter what: What could not be done, as the beginning of a sentence.
    static func error(_ error: any Error, _ what: String) -> any Error {
        if error is CastError || error is CancellationError { return error }
        guard Self.isWriting(error) else { return error }
        return Self.isFull(error)
            ? CastError(
                .storageFull, "\(what): there is no space left on the disk. Free some space and try again.",
                cause: error)
            : CastError(.unavailable, "\(what): the storage folder does not take it.", cause: error)
    }

    private static func isWriting(_ error: any Error) -> Bool {
        error is FileSystemError || error is FileSystemError.SystemCallError || error is CocoaError
    }

    private static func isFull(_ error: any Error) -> Bool {
        switch error {
        case let error as CocoaError: error.code == .fileWriteOutOfSpace
        case let error as FileSystemError.SystemCallError: [.noSpace, .diskQuotaExceeded].contains(error.errno)
        case let error as FileSystemError: error.cause.map { Self.isFull($0) } ?? false
        default: false
        }
    }
}
