import AsyncHTTPClient
import CastCore
package import Foundation
import NIOCore
import NIOHTTP1

extension CastClient {
    /// Downloads a file, or what is missing of it: one try.
    ///
    /// The bytes go to disk as they come. After a break the same `PartialFile` goes on where it ended, if the server
    /// says that the file is still the same. The file gets its name only when it is whole and on disk.
    ///
    /// - Throws: What the server said; `.unavailable` or `.timedOut` for a break, after which another try is worth it;
    ///   `.storageFull` when the disk does not take it.
    package func download(
        _ path: String, to part: PartialFile, headers: [String: String] = [:],
        onBytes: @Sendable (Int) -> Void = { _ in }
    ) async throws {
        var request = self.request(.GET, path)
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let resumption = part.resumption
        if let resumption {
            request.headers.add(name: "Range", value: "bytes=\(resumption.offset)-")
            request.headers.add(name: "If-Range", value: resumption.validator)
        }
        try await self.translating {
            let response: HTTPClientResponse
            do {
                response = try await self.execute(request)
            } catch let error as CastError where error.answeredStatus == nil && resumption != nil {
                // Perhaps it is the range that is refused (416 comes without an explanation): next time from the start.
                part.remember(validator: nil)
                throw error
            }
            let range = ContentRange(response.headers.first(name: "Content-Range"))
            let isContinued = response.status == .partialContent
            if isContinued, range?.first != resumption?.offset {
                part.remember(validator: nil)
                throw CastError(.unavailable, "\(self.place) sent another part of the file than the one asked for.")
            }
            let offset = isContinued ? resumption?.offset ?? 0 : 0
            if !isContinued { part.remember(validator: response.headers.validator) }
            let length = response.headers.first(name: "Content-Length").flatMap(UInt64.init)
            let total = isContinued ? range?.total : length
            if response.headers.first(name: "Content-Type")?.lowercased().hasPrefix("text/html") == true {
                throw CastError(
                    .unavailable, "Instead of audio a web page came; something stands before \(self.place).")
            }
            try await self.write(response.body, to: part, at: offset, total: total, onBytes: onBytes)
        }
    }

    /// Sends a file as the body of a request, and returns the answer.
    ///
    /// - Parameter limit: The longest that it may take altogether.
    package func upload<Answer: Decodable & Sendable>(
        _ path: String, file: URL, contentType: String, as type: Answer.Type = Answer.self,
        limit: Duration = .seconds(3600)
    ) async throws -> Answer {
        let size: Int64
        let bytes: FileBytes
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            size = (attributes[.size] as? NSNumber)?.int64Value ?? 0
            bytes = FileBytes(file: try FileHandle(forReadingFrom: file))
        } catch {
            throw CastError(.notFound, "\(file.path) cannot be read.", cause: error)
        }
        defer { try? bytes.file.close() }
        var request = self.request(.POST, path)
        request.headers.add(name: "Content-Type", value: contentType)
        request.body = .stream(bytes, length: .known(size))
        return try await self.answer(to: request, timeout: limit)
    }

    private func write(
        _ body: HTTPClientResponse.Body, to part: PartialFile, at offset: UInt64, total: UInt64?,
        onBytes: @Sendable (Int) -> Void
    ) async throws {
        let file = try part.open(at: offset)
        defer { try? file.close() }
        var size = offset
        for try await chunk in body {
            do {
                try file.write(contentsOf: Data(chunk.readableBytesView))
            } catch {
                throw CastError(.storageFull, "\(part.partURL.path) cannot be written. Free some space.", cause: error)
            }
            size += UInt64(chunk.readableBytes)
            onBytes(chunk.readableBytes)
        }
        if let total, size != total {
            throw CastError(.unavailable, "\(self.place) sent \(size) of \(total) bytes.")
        }
        try file.synchronize()
        try part.finish()
    }
}

/// `bytes 100-199/500`.
struct ContentRange {
    let first: UInt64
    let total: UInt64?

    init?(_ header: String?) {
        guard let match = header?.wholeMatch(of: /bytes (\d+)-(\d+)\/(\d+|\*)/), let first = UInt64(match.1) else {
            return nil
        }
        self.first = first
        self.total = UInt64(match.3)
    }
}

extension HTTPHeaders {
    /// What proves that a file is still the same: a strong entity tag, else the time of its last change.
    fileprivate var validator: String? {
        if let tag = self.first(name: "ETag") { return tag.hasPrefix("W/") ? nil : tag }
        return self.first(name: "Last-Modified")
    }
}

/// A file's bytes in pieces, read as they are sent.
private struct FileBytes: AsyncSequence, Sendable {
    let file: FileHandle

    func makeAsyncIterator() -> Iterator { Iterator(file: self.file) }

    struct Iterator: AsyncIteratorProtocol {
        let file: FileHandle

        mutating func next() async throws -> ByteBuffer? {
            guard let data = try self.file.read(upToCount: 256 * 1024), !data.isEmpty else { return nil }
            return ByteBuffer(bytes: data)
        }
    }
}
