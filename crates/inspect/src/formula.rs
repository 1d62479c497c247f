//! Which figure is made of the counts. Ministries differ, and no two formulas are ever mixed.

/// Of whom the coverage rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// 報告対象: who is excluded for a reason does not count (footnote 32).
    OfTargets,
    /// 全職員: who is excluded counts as not known.
    OfEverybody,
}

/// Whether those on whom the duty did not fall are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 責務が生じた者: only those on whom it fell.
    Arose,
    /// 把握した者: everybody who answered; who had no duty counts as not having done it.
    Ignored,
}

/// How the items of a role become one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Every answer counts the same: all that was done, of all that was to be done.
    Pooled,
    /// Every item counts the same: the mean of the items' shares.
    ItemMean,
    /// Every person counts the same: who did everything, of those who had anything to do.
    AllItems,
}

/// What an item left blank in a form that was sent means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blank {
    /// The duty arose and was not done.
    #[default]
    NotDone,
    /// Nothing: it is left out.
    Excluded,
}

/// How coverage and implementation are computed. Kept beside every figure, so that nobody compares two that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Formula {
    /// Of whom coverage is.
    pub known: Known,
    /// Whose duty counts.
    pub duty: Duty,
    /// How items become one figure.
    pub aggregation: Aggregation,
    /// What a blank means.
    pub blank: Blank,
}

impl Default for Formula {
    fn default() -> Self {
        Variant::Nisc.formula()
    }
}

/// A formula by the name of whoever published it, as each says in the report for fiscal 2012.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// NISC, for the government as a whole: of those known on whom the duty fell.
    #[default]
    Nisc,
    /// 内閣府: of all staff; done, of those known.
    CabinetOffice,
    /// 外務省: done, of those who took part.
    ForeignAffairs,
    /// 文部科学省: item by item, so that every item counts the same.
    Education,
    /// 厚生労働省: done properly, of those who reported; with the reach rates, which only it defines.
    Health,
    /// 経済産業省: who did every item, of those who sent the form.
    Economy,
}

impl Variant {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Nisc, Self::CabinetOffice, Self::ForeignAffairs, Self::Education, Self::Health, Self::Economy];

    /// The word in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nisc => "nisc",
            Self::CabinetOffice => "cabinet_office",
            Self::ForeignAffairs => "foreign_affairs",
            Self::Education => "education",
            Self::Health => "health",
            Self::Economy => "economy",
        }
    }

    /// What it computes.
    pub const fn formula(self) -> Formula {
        let nisc = Formula {
            known: Known::OfTargets,
            duty: Duty::Arose,
            aggregation: Aggregation::Pooled,
            blank: Blank::NotDone,
        };
        match self {
            Self::Nisc | Self::Health => nisc,
            Self::CabinetOffice => Formula { known: Known::OfEverybody, duty: Duty::Ignored, ..nisc },
            Self::ForeignAffairs => Formula { duty: Duty::Ignored, ..nisc },
            Self::Education => Formula { aggregation: Aggregation::ItemMean, ..nisc },
            Self::Economy => Formula { aggregation: Aggregation::AllItems, ..nisc },
        }
    }
}

impl std::fmt::Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl std::str::FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replace('-', "_");
        let found = Self::ALL.into_iter().find(|variant| variant.word() == text);
        found.ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}
