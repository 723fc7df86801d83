import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Logging
import ServiceLifecycle
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite(.timeLimit(.minutes(1))) struct StopTests {
    /// A client that asks, takes the first bytes and then reads no more.
    private final class StalledReader: Sendable {
        private let descriptor: Int32

        init(port: Int, path: String) throws {
            #if canImport(Glibc)
                self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                self.descriptor = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(connected == 0)
            let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            try #require(send(self.descriptor, request, request.count, 0) == request.count)
            var bytes = [UInt8](repeating: 0, count: 12)
            try #require(recv(self.descriptor, &bytes, bytes.count, 0) == bytes.count)
            #expect(String(decoding: bytes, as: UTF8.self) == "HTTP/1.1 200")
        }

        deinit { close(self.descriptor) }
    }

    @Test func `a reader that stalls does not keep the server from stopping`() async throws {
        try await withTemporaryFolder { folder in
            let (ports, found) = AsyncStream.makeStream(of: Int.self)
            var configuration = ServerConfiguration(dataPath: folder.path)
            configuration.port = 0
            let server = try CastServer(
                configuration: configuration, podcasts: .unimplemented,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, signals: false,
                patience: .milliseconds(300), onReady: { found.yield($0) })
            let (feed, episodes) = try await server.parts.database.makeFeed(withAudio: true, at: Date())
            let path = "\(feed.folder)/audio/\(episodes[0].stem).mp3"
            try server.parts.storage.makeFolder(of: path)
            let file = try server.parts.storage.url(of: path)
            // More than the system buffers between the two.
            #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
            try FileHandle(forWritingTo: file).truncate(atOffset: 64 << 20)
            async let running: Void = server.run()
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let reader = try StalledReader(port: port, path: "/api/episodes/\(episodes[0].id)/audio")
            await server.group.triggerGracefulShutdown()
            try await running
            withExtendedLifetime(reader) {}
        }
    }
}
