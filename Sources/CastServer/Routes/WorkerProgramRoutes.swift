import CastCore
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// Hands out this server's own program, so that the pods that it rents run the very same.
struct WorkerProgramRoutes: Sendable {
    let program: WorkerProgram

    init(_ program: WorkerProgram = .own) { self.program = program }

    func add(to router: Router<AppContext>) {
        router.get("/api/nodes/worker/:platform", use: self.download)
    }

    @Sendable func download(request: Request, context: AppContext) async throws -> Response {
        let wanted = context.parameters.get("platform") ?? ""
        guard wanted == self.program.platform else {
            throw CastError(
                .notFound, "This server's program is for \(self.program.platform), not for “\(wanted.prefix(40))”.")
        }
        let digest = try self.program.digest()
        var headers: HTTPFields = [.eTag: "\"\(digest)\"", .contentDigest: digest]
        // Whoever has it already need not fetch it: a hundred megabytes at the uplink of a home.
        if request.headers[.ifNoneMatch]?.contains("\"\(digest)\"") == true {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = "application/octet-stream"
        headers[.contentDisposition] = AudioFile.disposition("cast2md")
        let body = try await FileIO().loadFile(path: self.program.path, context: context)
        return Response(status: .ok, headers: headers, body: body)
    }
}

/// A program as a file, and its digest, which is reckoned once.
final class WorkerProgram: Sendable {
    let path: String
    let platform: String
    private let known = Mutex<String?>(nil)

    /// The program that runs; also after its file was replaced by a newer one.
    static let own = WorkerProgram(path: "/proc/self/exe", platform: WorkerProgram.ownPlatform)

    init(path: String, platform: String) {
        self.path = path
        self.platform = platform
    }

    #if os(Linux) && arch(x86_64)
        static let ownPlatform = "linux-x86_64"
    #elseif os(Linux)
        static let ownPlatform = "linux-aarch64"
    #else
        static let ownPlatform = "macos"
    #endif

    /// - Returns: The SHA-256 in small hexadecimal digits.
    func digest() throws -> String {
        try self.known.withLock { known in
            if let known { return known }
            guard let file = FileHandle(forReadingAtPath: self.path) else {
                throw CastError(.unavailable, "The server's own program cannot be read.")
            }
            defer { try? file.close() }
            var hash = SHA256()
            while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(data: chunk) }
            let digest = hash.finalize().map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0\(text)" : text
            }.joined()
            known = digest
            return digest
        }
    }
}
