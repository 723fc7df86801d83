/// What the settings' page shows.
package struct SettingsView: Sendable {
    package struct Row: Sendable {
        package var setting: Setting
        /// As it counts now, or as it was typed where that could not be taken.
        package var value: String
        /// What it is without anybody's doing.
        package var standard: String
        package var source: SettingsKeeper.Source
        /// Why what was typed was not taken.
        package var problem: String?
        /// Whether it was changed just now.
        package var isSaved: Bool

        package init(
            setting: Setting, value: String, standard: String, source: SettingsKeeper.Source, problem: String? = nil,
            isSaved: Bool = false
        ) {
            self.setting = setting
            self.value = value
            self.standard = standard
            self.source = source
            self.problem = problem
            self.isSaved = isSaved
        }
    }

    package var rows: [Row]
    package var notice: String?

    package init(rows: [Row], notice: String? = nil) {
        self.rows = rows
        self.notice = notice
    }
}
