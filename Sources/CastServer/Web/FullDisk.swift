import CastCore
import Foundation
import NIOCore
import _NIOFileSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension CastError {
    /// The error of a write that found no space left, whichever library it comes from; nil for every other error.
    init?(fullDisk error: any Error) {
        guard Self.isFullDisk(error) else { return nil }
        self.init(
            .storageFull, "There is no space left on the server's disk. Free some; the work goes on by itself.",
            cause: error)
    }

    private static func isFullDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as FileSystemError: return error.cause.map(Self.isFullDisk) ?? false
        case let error as FileSystemError.SystemCallError: return Self.isFull(error.errno.rawValue)
        case let error as Errno: return Self.isFull(error.rawValue)
        case let error as IOError: return Self.isFull(error.errnoCode)
        case let error as CocoaError where error.code == .fileWriteOutOfSpace: return true
        default:
            let error = error as NSError
            if error.domain == NSPOSIXErrorDomain { return Self.isFull(Int32(truncatingIfNeeded: error.code)) }
            return (error.userInfo[NSUnderlyingErrorKey] as? any Error).map(Self.isFullDisk) ?? false
        }
    }

    private static func isFull(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT }
}
