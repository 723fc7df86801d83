import Dispatch
import Foundation
package import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pipe for gigabytes of 16-bit samples: a child writes them, and they are read in large pieces.
///
/// Reading waits on a thread of its own, and lets the pipe fill first: ffmpeg writes 32 KB at a time, and to be woken for
/// each costs more than what is done with the samples.
package struct SamplePipe: Sendable {
    /// What the child writes to: little-endian, as is every machine that this runs on.
    package let writeEnd: FileDescriptor
    private let readEnd: FileDescriptor
    private let queue = DispatchQueue(label: "sample-pipe")

    /// Bytes that are read at once: eight seconds.
    private static let pieceLength = 1 << 18
    /// Bytes that the pipe holds: what any user may have on Linux (`/proc/sys/fs/pipe-max-size`).
    private static let capacity: Int32 = 1 << 20
    /// How long the pipe is left alone after there was less in it, in microseconds.
    ///
    /// A decoder of 1,000 times real time fills half a piece meanwhile, and a sixth of the pipe: it never waits for us.
    private static let patience: UInt32 = 5000

    package init() throws {
        // At once, so that no other child that starts meanwhile keeps an end open.
        (self.readEnd, self.writeEnd) = try FileDescriptor.pipe(options: .closeOnExec)
        #if os(Linux)
            // Where that is refused it is slower, and right as well. The number is `F_SETPIPE_SZ` of <fcntl.h>, which is
            // there for programs in C with GNU's extensions only.
            _ = fcntl(self.writeEnd.rawValue, 1031, Self.capacity)
        #endif
    }

    /// Hands each piece to a body, until whoever writes has closed its end; half a sample at the very end is dropped.
    ///
    /// Not cancelled by itself: the end of the child ends it.
    nonisolated(nonsending) package func readAll(
        _ body: nonisolated(nonsending) (UnsafeBufferPointer<Int16>) async throws -> Void
    ) async throws {
        let room = Room(bytes: Self.pieceLength)
        // A piece may end within a sample.
        var filled = 0
        var isEarly = false
        while true {
            let (start, wait) = (filled, isEarly)
            let count = try await withCheckedThrowingContinuation { continuation in
                self.queue.async {
                    if wait { usleep(Self.patience) }
                    continuation.resume(
                        with: Result {
                            try self.readEnd.read(into: UnsafeMutableRawBufferPointer(rebasing: room.bytes[start...]))
                        })
                }
            }
            guard count > 0 else { return }
            filled += count
            isEarly = filled < Self.pieceLength
            let samples = UnsafeBufferPointer(rebasing: room.samples[..<(filled / 2)])
            if !samples.isEmpty { try await body(samples) }
            if filled % 2 == 1 { room.bytes[0] = room.bytes[filled - 1] }
            filled %= 2
        }
    }

    /// Nobody reads any more: a child that goes on writing ends.
    package func closeReading() { try? self.readEnd.close() }

    /// Memory that is used for one piece after the other: by the queue while it reads, by the reader afterwards.
    private final class Room: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        let samples: UnsafeBufferPointer<Int16>

        init(bytes count: Int) {
            self.bytes = .allocate(byteCount: count, alignment: 16)
            self.samples = UnsafeBufferPointer(self.bytes.bindMemory(to: Int16.self))
        }

        deinit { self.bytes.deallocate() }
    }
}
