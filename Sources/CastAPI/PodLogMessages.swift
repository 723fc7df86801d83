package import CastCore

/// `POST /api/runpod/pods/{instance_id}/logs`: what programs in a pod said, oldest first.
package struct PodLogRequest: Sendable, Codable, Equatable, ReadableBody {
    /// Which program, for example `setup` or `node`.
    package var source: String
    /// Lines, or texts of many lines.
    package var lines: [String]

    package init(source: String = "", lines: [String]) {
        self.source = source
        self.lines = lines
    }

    package init(from fields: inout FieldReader) {
        self.init(
            source: fields.optionalString("source") ?? "", lines: fields.optional("lines", as: [String].self) ?? [])
    }

    package static var maximumBytes: Int { 256 * 1024 }
}

/// `GET` of the same path: oldest first.
package struct PodLogResponse: Sendable, Codable, Equatable {
    package struct Line: Sendable, Codable, Equatable {
        /// When the server got it.
        package var at: WireDate
        package var source: String
        package var text: String

        package init(_ line: PodLogEntry) {
            self.at = WireDate(line.at)
            self.source = line.source
            self.text = line.text
        }
    }

    package var instanceID: String
    package var lines: [Line]

    package init(instanceID: String, lines: [PodLogEntry]) {
        self.instanceID = instanceID
        self.lines = lines.map(Line.init)
    }

    enum CodingKeys: String, CodingKey {
        case lines
        case instanceID = "instance_id"
    }
}

/// `GET /api/nodes/worker/{platform}.json`: the program that nodes can fetch.
package struct WorkerProgramResponse: Sendable, Codable, Equatable {
    package var platform: String
    package var version: String
    package var size: Int
    /// Hexadecimal.
    package var sha256: String
    /// Where the program itself is, on this server.
    package var path: String
    /// Whether it needs Swift's libraries on the machine that runs it.
    package var needsSwiftRuntime: Bool

    package init(platform: String, version: String, size: Int, sha256: String, path: String, needsSwiftRuntime: Bool) {
        self.platform = platform
        self.version = version
        self.size = size
        self.sha256 = sha256
        self.path = path
        self.needsSwiftRuntime = needsSwiftRuntime
    }

    enum CodingKeys: String, CodingKey {
        case platform, version, size, sha256, path
        case needsSwiftRuntime = "needs_swift_runtime"
    }
}
