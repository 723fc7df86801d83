/// The number that this server's database gave to a thing; `Subject` keeps a job's number from passing for a feed's.
package struct Identifier<Subject>: Hashable, Sendable, Codable, CustomStringConvertible {
    package var rawValue: Int64

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws {
        self.rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }

    package var description: String { String(self.rawValue) }
}

package enum FeedSubject {}
package enum EpisodeSubject {}
package enum JobSubject {}

package typealias FeedID = Identifier<FeedSubject>
package typealias EpisodeID = Identifier<EpisodeSubject>
package typealias JobID = Identifier<JobSubject>

/// A node's own id: UUID text on the wire.
package struct NodeID: Hashable, Sendable, Codable, CustomStringConvertible {
    package var rawValue: String

    package init(_ rawValue: String) { self.rawValue = rawValue }

    package init(from decoder: any Decoder) throws {
        self.rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }

    package var description: String { self.rawValue }

    /// Who holds the jobs that the server does itself.
    package static let server = NodeID("local")
}
