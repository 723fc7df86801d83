/// Something of the existing library that does not come, or not as it was, and why.
package struct NotTaken: Sendable, Equatable, Codable {
    /// What sort of thing it is.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case feed, episode, transcript, audio, node, job, setting
    }

    /// Why; each has a sentence for people, and the raw value is for programs.
    package enum Reason: String, Sendable, Codable, CaseIterable, Error {
        case noWebAddress = "no_web_address"
        case feedLeftOut = "feed_left_out"
        case noGuid = "no_guid"
        case fileMissing = "file_missing"
        case noFile = "no_file"
        case fileEmpty = "file_empty"
        case fileTooLarge = "file_too_large"
        case fileUnreadable = "file_unreadable"
        case fileShared = "file_shared"
        case overwritten
        case timesImplausible = "times_implausible"
        case noKey = "no_key"
        case keyTwice = "key_twice"
        case reservedName = "reserved_name"
        case finished
        case embedding
        case publisherTranscript = "publisher_transcript"
        case unknownKind = "unknown_kind"
        case nothingToWorkOn = "nothing_to_work_on"
        case unknownSetting = "unknown_setting"
        case ownPlace = "own_place"
        case invalidValue = "invalid_value"

        package var sentence: String {
            switch self {
            case .noWebAddress: "Its address is no web address (http or https)."
            case .feedLeftOut: "Its feed is not taken."
            case .noGuid: "It has no name within its feed (guid)."
            case .fileMissing: "Its file is not in the old storage folder."
            case .noFile: "What has its file's name is no file."
            case .fileEmpty: "Its file is empty."
            case .fileTooLarge: "Its file is larger than any transcript is (64 MB)."
            case .fileUnreadable: "Its file cannot be read."
            case .fileShared:
                "Several episodes with different audio share one file, so it is wrong for all but one. It can be fetched anew."
            case .overwritten:
                "Another episode of the same day and title overwrote its file, and the old search index has no text of its own."
            case .timesImplausible: "Its times are no times that a recording can have."
            case .noKey: "It has no key, so it could not sign in."
            case .keyTwice: "Another node has the same key."
            case .reservedName: "Its id is one that this server uses itself."
            case .finished: "It was done or given up; what came of it is with its episode."
            case .embedding: "It was to fill the old semantic search; the import makes this server's search itself."
            case .publisherTranscript:
                "It was to look for a publisher's transcript, and no address of one is known."
            case .unknownKind: "It is of a kind that is not known here."
            case .nothingToWorkOn: "Its episode is not taken, or has neither audio nor an address to fetch it from."
            case .unknownSetting: "This server has no setting of that name."
            case .ownPlace: "This server has a place of its own for that; choose it with --data or STORAGE_PATH."
            case .invalidValue: "This server does not allow that value."
            }
        }
    }

    package var kind: Kind
    /// The existing server's id, or the name of a setting.
    package var id: String
    /// Title, name or file, for people.
    package var name: String
    package var reason: Reason

    package init(_ kind: Kind, id: String, name: String, reason: Reason) {
        self.kind = kind
        self.id = id
        self.name = name
        self.reason = reason
    }
}
