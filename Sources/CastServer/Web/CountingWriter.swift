import HTTPTypes
import Hummingbird
import NIOCore

/// Passes a body on and tells how many bytes of it went out.
struct CountingWriter: ResponseBodyWriter {
    private var base: any ResponseBodyWriter
    private let onBytes: @Sendable (Int) -> Void

    init(_ base: any ResponseBodyWriter, onBytes: @escaping @Sendable (Int) -> Void) {
        self.base = base
        self.onBytes = onBytes
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await self.base.write(buffer)
        self.onBytes(buffer.readableBytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await self.base.finish(trailingHeaders) }
}
