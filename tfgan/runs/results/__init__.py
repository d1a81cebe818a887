"""What a trained run makes: translations, samples, exports."""
